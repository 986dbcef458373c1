"""The trial of a generation before it is served: all of it is read, by a process of its own.

Where a file is damaged, DuckDB may end the process that reads it; and what reading everything takes of memory
and of the processor is not the service's.
"""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import click

from api.generation import Generation
from api.settings import SHARED_FOLDER

# Of the processor it gets what the service leaves, and a tenth where nothing is left.
NICENESS = 10
# The status that it ends with; Python has others for what is wrong with itself.
UNSOUND = 10
PROJECT = Path(__file__).parent.parent


class UnsoundError(Exception):
    """A generation can't be read; the message says why."""


class NoTrialError(Exception):
    """Whether a generation can be read was not seen; the message says why."""


async def try_out(file: Path) -> None:
    """Have all of a file read. Raises UnsoundError or NoTrialError; the process ends if this is cancelled."""
    try:
        process = _start(file)
    except OSError as error:
        raise NoTrialError(f"no process can be started: {error.strerror}") from error
    reading = asyncio.create_task(asyncio.to_thread(process.communicate))
    try:
        await asyncio.shield(reading)
    finally:
        process.kill()
        _, said = await reading
    reason = said.strip()
    if process.returncode == UNSOUND:
        raise UnsoundError(reason)
    if process.returncode < 0:
        raise NoTrialError(f"the process was ended: {signal.strsignal(-process.returncode)}")
    if process.returncode:
        raise NoTrialError(reason.rpartition("\n")[2] or f"the process ended with {process.returncode}")


def _start(file: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    # It counts nothing.
    variables = {name: value for name, value in os.environ.items() if name != SHARED_FOLDER}
    # Not by the event loop: to a process that uvloop starts, it leaves the port on which the service listens.
    return subprocess.Popen(  # noqa: S603  what it runs is this module
        [sys.executable, "-m", "api.trial", str(file)],
        env={**variables, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
        # Ctrl+C is for the service, which ends this.
        process_group=0,
    )


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
