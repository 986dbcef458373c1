"""`python -m batch COMMAND`."""

import sys

try:
    from batch.cli import main
except KeyboardInterrupt:
    # What the job needs takes a while to import, and Ctrl-C during it is no bug.
    sys.exit(130)

main()
