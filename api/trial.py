"""The trial of a generation before it is served: all of it is read, by a process of its own.

Where a file is damaged, DuckDB may end the process that reads it; and what reading everything takes of memory
and of the processor is not the service's.
"""

import os
import signal
import sys
from pathlib import Path

import click

from api.apart import NICENESS, run_apart
from api.generation import Generation

# The status that it ends with; Python has others for what is wrong with itself.
UNSOUND = 10


class UnsoundError(Exception):
    """A generation can't be read; the message says why."""


class NoTrialError(Exception):
    """Whether a generation can be read was not seen; the message says why."""


async def try_out(file: Path) -> None:
    """Have all of a file read. Raises UnsoundError or NoTrialError; the process ends if this is cancelled."""
    try:
        ended = await run_apart("api.trial", str(file))
    except OSError as error:
        raise NoTrialError(f"no process can be started: {error.strerror}") from error
    reason = ended.errors.strip()
    if ended.status == UNSOUND:
        raise UnsoundError(reason)
    if ended.status < 0:
        raise NoTrialError(f"the process was ended: {signal.strsignal(-ended.status)}")
    if ended.status:
        raise NoTrialError(reason.rpartition("\n")[2] or f"the process ended with {ended.status}")


def main() -> None:
    """Read all of a file; if it can't be read, say why, and end with a status that means that."""
    os.nice(NICENESS)
    try:
        generation = Generation(Path(sys.argv[1]))
        generation.look_everybody_up()
        generation.close()
    except Exception as error:  # noqa: BLE001 (DuckDB has others than its own for what is odd)
        click.echo(str(error) or repr(error), err=True)
        sys.exit(UNSOUND)


if __name__ == "__main__":
    main()
