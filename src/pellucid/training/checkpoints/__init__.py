"""Checkpoints: what is saved while a network trains, so that a stopped training resumes bit for bit."""

from pellucid.training.checkpoints.checkpoints import Checkpoint, Checkpoints, Every

__all__ = ["Checkpoint", "Checkpoints", "Every"]
