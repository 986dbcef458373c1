"""The preflight of a generation: a process of its own reads all of it before it is served.

Where a file is damaged, DuckDB may end the process that reads it; and what reading everything takes of memory
and of the processor is not the service's.
"""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click

from api.lookup import Generation
from api.settings import SHARED_FOLDER

# Of the processor a process gets what the service leaves, and a tenth where nothing is left.
NICENESS = 10
PROJECT = Path(__file__).parent.parent
# The status with which it ends if a file can't be read; Python has others for what is wrong with itself.
UNSOUND = 10


class UnsoundError(Exception):
    """A generation can't be read; the message says why."""


class NotCheckedError(Exception):
    """Whether a generation can be read was not seen; the message says why."""


class Ended(NamedTuple):
    """How a process ended: its status, below 0 for a signal, and what it printed."""

    status: int
    output: str
    errors: str

    @property
    def reason(self) -> str:
        """Why it failed."""
        if self.status < 0:
            return f"the process was ended: {signal.strsignal(-self.status)}"
        return self.errors.strip().rpartition("\n")[2] or f"the process ended with {self.status}"


async def run_apart(module: str, *arguments: str, seconds: float | None = None) -> Ended:
    """Run a module in a process, to its end or for so many seconds; cancelled, it ends the process.

    Raises OSError if no process can be started.
    """
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    # It counts nothing.
    variables = {name: value for name, value in os.environ.items() if name != SHARED_FOLDER}
    # Not by the event loop: to a process that uvloop starts, it leaves the port on which the service listens.
    process = subprocess.Popen(  # noqa: ASYNC220, S603  what it runs is a module of this project
        [sys.executable, "-m", module, *arguments],
        env={**variables, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
        process_group=0,  # Ctrl+C is for the service, which ends this
    )
    reading = asyncio.create_task(asyncio.to_thread(process.communicate))
    try:
        await asyncio.wait([reading], timeout=seconds)
    finally:
        process.kill()
        output, errors = await reading
    return Ended(process.returncode, output, errors)


async def preflight(file: Path) -> None:
    """Have all of a file read. Raises UnsoundError or NotCheckedError; cancelled, it ends the process."""
    try:
        ended = await run_apart("api.preflight", str(file))
    except OSError as error:
        raise NotCheckedError(f"no process can be started: {error.strerror}") from error
    if ended.status == UNSOUND:
        raise UnsoundError(ended.errors.strip())
    if ended.status:
        raise NotCheckedError(ended.reason)


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
