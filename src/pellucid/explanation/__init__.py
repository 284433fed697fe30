"""Seeing through a network: gradients proven, steps traced, saliency, plots and the report."""
