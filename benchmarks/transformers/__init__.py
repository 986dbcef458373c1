"""Transformers beside the model: learned in an environment of their own, measured by our code."""
