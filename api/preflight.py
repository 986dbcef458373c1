"""The preflight of a generation: a process of its own reads all of it before it is served.

Where a file is damaged, DuckDB may end the process that reads it; and what reading everything takes of memory
and of the processor is not the service's.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess, Popen

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


async def run_apart(module: str, *arguments: str, seconds: float | None = None) -> CompletedProcess[str]:
    """Run a module in a process, to its end or for so many seconds; cancelled, it ends the process.

    Raises NotCheckedError if no process can be started.
    """
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    # It counts nothing.
    variables = {name: value for name, value in os.environ.items() if name != SHARED_FOLDER}
    try:
        # Not by the event loop: to a process that uvloop starts, it leaves the port on which the service
        # listens.
        process = Popen(  # noqa: ASYNC220, S603  what it runs is a module of this project
            [sys.executable, "-m", module, *arguments],
            env={**variables, "PYTHONPATH": path},
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            text=True,
            errors="backslashreplace",
            process_group=0,  # Ctrl+C is for the service, which ends this
        )
    except OSError as error:
        raise NotCheckedError(f"no process can be started: {error.strerror}") from error
    reading = asyncio.create_task(asyncio.to_thread(process.communicate))
    try:
        await asyncio.wait([reading], timeout=seconds)
    finally:
        process.kill()
        output, errors = await reading
    return CompletedProcess(process.args, process.returncode, output, errors)


def failure_of(ended: CompletedProcess[str]) -> str:
    """Return why a process failed."""
    if ended.returncode < 0:
        return f"the process was ended: {signal.strsignal(-ended.returncode)}"
    return ended.stderr.strip().rpartition("\n")[2] or f"the process ended with {ended.returncode}"


async def preflight(file: Path) -> None:
    """Have all of a file read. Raises UnsoundError or NotCheckedError; cancelled, it ends the process."""
    ended = await run_apart("api.preflight", str(file))
    if ended.returncode == UNSOUND:
        raise UnsoundError(ended.stderr.strip())
    if ended.returncode:
        raise NotCheckedError(failure_of(ended))


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
