"""What measures speed and quality; results go to `docs/`."""
