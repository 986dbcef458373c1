"""Modules that run in a process of their own, which DuckDB may end if what they read is damaged."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from api.settings import SHARED_FOLDER

# Of the processor it gets what the service leaves, and a tenth where nothing is left.
NICENESS = 10
PROJECT = Path(__file__).parent.parent


class Ended(NamedTuple):
    """How a process ended: its status, below 0 for the signal that ended it, and what it printed."""

    status: int
    output: str
    errors: str


async def run_apart(module: str, *arguments: str, seconds: float | None = None) -> Ended:
    """Run a module to its end, or for so many seconds; cancelled, it ends the process.

    Raises OSError if no process can be started.
    """
    process = _start(module, *arguments)
    reading = asyncio.create_task(asyncio.to_thread(process.communicate))
    try:
        await asyncio.wait([reading], timeout=seconds)
    finally:
        process.kill()
        output, errors = await reading
    return Ended(process.returncode, output, errors)


def _start(module: str, *arguments: str) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    # It counts nothing.
    variables = {name: value for name, value in os.environ.items() if name != SHARED_FOLDER}
    # Not by the event loop: to a process that uvloop starts, it leaves the port on which the service listens.
    return subprocess.Popen(  # noqa: S603  what it runs is a module of this project
        [sys.executable, "-m", module, *arguments],
        env={**variables, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
        # Ctrl+C is for the service, which ends this.
        process_group=0,
    )
