"""`python -m batch COMMAND`."""

from batch.cli import main

main()
