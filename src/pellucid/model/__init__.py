"""A trained model: what is saved to one file, and what it predicts."""

from pellucid.model.model import Model, load

__all__ = ["Model", "load"]
