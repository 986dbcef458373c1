"""The parts of the model; `batch.train` puts them side by side."""
