"""Servers: started as other processes on a free port, and ended."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

SECONDS_TO_START = 300
SECONDS_BETWEEN_LOOKS = 0.05


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    url: str
    pid: int

    def memory_mb(self) -> dict[str, float]:
        """Return MiB of memory that its process holds, and the most it held; nothing where Linux isn't."""
        about = Path(f"/proc/{self.pid}/status")
        lines = about.read_text(encoding="utf-8").splitlines() if about.is_file() else []
        held = {
            name: int(rest.split()[0]) / 1024
            for name, _, rest in (line.partition(":") for line in lines)
            if name in {"VmRSS", "VmHWM"}
        }
        return {"memory_mb": held["VmRSS"], "peak_memory_mb": held["VmHWM"]} if held else {}


@contextmanager
def serving(command: Sequence[str], variables: Mapping[str, str]) -> Iterator[Server]:
    """Run a server for the body. It has to be one of uvicorn, which says where it listens.

    Raises click.ClickException if it doesn't start, with the last that it said.
    """
    # A file, and no pipe: that would be full some time, and the server would wait for a reader.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **variables}
        )
        try:
            yield Server(_url(process, errors.fileno()), process.pid)
        finally:
            process.terminate()
            process.wait()


def _url(process: subprocess.Popen[bytes], errors: int) -> str:
    give_up_at = time.monotonic() + SECONDS_TO_START
    while True:
        has_ended = process.poll() is not None
        said = os.pread(errors, os.fstat(errors).st_size, 0).decode(errors="replace")
        if found := re.search(r"running on (http://\S+)", said):
            return found[1]
        if has_ended or time.monotonic() > give_up_at:
            last = said.strip().splitlines()[-1:]
            raise click.ClickException(": ".join(["a server did not start", *last]))
        time.sleep(SECONDS_BETWEEN_LOOKS)
