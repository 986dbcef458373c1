"""The commands: one module for each, of the same name; `batch/cli.py` puts them together."""
