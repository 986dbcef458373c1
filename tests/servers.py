"""The service as a process that a test signals: its address, its workers, and what it logs."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from tests.commands import ROOT, environment

SECONDS = 60


@dataclass
class Service:
    """A service that runs."""

    process: subprocess.Popen[str]
    url: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return int(self.url.rpartition(":")[2])

    def workers(self) -> list[int]:
        """Return the ids of the processes that answer for it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(
            encoding="utf-8"
        )
        return [int(child) for child in children.split() if b"spawn_main" in command_line(int(child))]

    def waits_for(self, text: str, times: int = 1) -> None:
        """Wait until it has logged a text so often."""
        end = time.monotonic() + SECONDS
        while sum(text in line for line in self.lines) < times:
            assert time.monotonic() < end, self.lines
            time.sleep(0.02)

    def ends(self, *signals: signal.Signals) -> int:
        """Send signals, and return the exit status."""
        for number in signals:
            self.process.send_signal(number)
        return self.process.wait(SECONDS)


def command_line(process: int) -> bytes:
    """Return what the list of processes shows of one."""
    return Path(f"/proc/{process}/cmdline").read_bytes()


@contextmanager
def service(
    output: Path, *options: str | Path, workers: int = 1, cwd: Path = ROOT, **variables: str
) -> Iterator[Service]:
    """Run a service until all of its workers answer, and end it after the body."""
    process = subprocess.Popen(
        [sys.executable, "-m", "api", "--output", output, "--port", "0", "--workers", str(workers), *options],
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment(PYTHONWARNINGS="error", **variables),
        process_group=0,
    )
    assert process.stderr is not None
    running = Service(process)
    reader = Thread(target=running.lines.extend, args=[process.stderr])
    reader.start()
    try:
        running.waits_for("startup complete", workers)
        running.url = next(
            found[1] for line in running.lines if (found := re.search(r"(http://\S+:\d+)", line))
        )
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)
        reader.join()
        process.stderr.close()


@contextmanager
def serving(output: Path, **variables: str) -> Iterator[str]:
    """Serve an output folder for the body, and give the URL."""
    with service(output, **variables) as running:  # type: ignore[arg-type]
        yield running.url


def fails_to_start(
    *options: str | Path, within: Sequence[str] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a service that must end by itself; `within` is a command that runs it."""
    return subprocess.run(
        [*within, sys.executable, "-m", "api", "--port", "0", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment(PYTHONWARNINGS="error", **variables),
        timeout=SECONDS,
    )


def signal_all(service: Service, number: signal.Signals) -> None:
    """Send a signal to a service and to all of its workers at once, as a terminal or systemd does."""
    os.killpg(service.process.pid, number)
