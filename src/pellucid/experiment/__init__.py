"""An experiment: one recipe carried out, from the data to a model with its scores. `run` is the way in."""
