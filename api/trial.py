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

from api.generation import Generation
from api.metrics import SHARED_FOLDER

# Of the processor it gets what the service leaves, and a tenth where nothing is left.
NICENESS = 10
PROJECT = Path(__file__).parent.parent


class TrialError(Exception):
    """A generation was not found sound; the message says why."""


async def try_out(file: Path) -> None:
    """Have all of a file read. Raises TrialError if it is damaged, or OSError if no process can be had."""
    process = await asyncio.create_subprocess_exec(
        *_command(file),
        cwd=PROJECT,
        # It counts nothing.
        env={name: value for name, value in os.environ.items() if name != SHARED_FOLDER},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    status = await process.wait()
    if status < 0:
        raise TrialError(f"what read it was ended: {signal.strsignal(-status)}")
    if status:
        raise TrialError(said.decode(errors="backslashreplace").strip())


def _command(file: Path) -> list[str]:
    return [sys.executable, "-m", "api.trial", str(file.absolute())]


def main() -> None:
    """Read all of a file; if it is damaged, say why, and end with another status than 0."""
    os.nice(NICENESS)
    # Ctrl+C is for the service, which ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        generation = Generation(Path(sys.argv[1]))
        generation.look_everybody_up()
        generation.close()
    except Exception as error:  # noqa: BLE001 (DuckDB has others than its own for what is odd)
        sys.exit(str(error) or repr(error))


if __name__ == "__main__":
    main()
