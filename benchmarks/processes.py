"""Processes: a command from its start to its end, with what it took of time and memory."""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 0.25


@dataclass(frozen=True)
class Ended:
    """What a process took, and what it left behind."""

    seconds: float  # wall time, from its start to its end
    peak_mb: float  # MiB of memory, with all of its own processes
    failure: str | None  # how it ended, and what it said last, if not with 0
    output: str


def run(
    command: Sequence[str], minutes: float | None = None, variables: Mapping[str, str] | None = None
) -> Ended:
    """Run a command to its end, and kill it, with all that it started, after `minutes`.

    `variables` are added to the environment.

    The peak of memory is the larger of two. The kernel knows exactly that of the largest single process.
    Where there are several at once, their memory is added up four times a second: of each page that several
    of them share, each has its share (PSS), so that what a worker was given isn't counted twice. Linux tells
    that, and elsewhere only the first is known.

    The kernel counts from before the command was loaded, so what this process itself holds is the least that
    can be measured: whoever measures should do nothing large before.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=errors, start_new_session=True,
            env={**os.environ, **(variables or {})},
        )  # fmt: skip
        try:
            with _killed_after(minutes, process.pid) as killed, _watched(process.pid) as together_mb:
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
                seconds = time.perf_counter() - started
        finally:
            # Nothing that it started, and forgot, may run beside what is measured next.
            os.killpg(process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        printed, said = (_text(file.fileno()) for file in (output, errors))
    failure = None
    if process.returncode:
        how = f"took more than {minutes:g} minutes" if killed.is_set() else _how_ended(process.returncode)
        failure = ": ".join([how, *said.strip().splitlines()[-1:]])
    return Ended(seconds, max(usage.ru_maxrss / 1024, *together_mb), failure, printed)


@contextmanager
def _killed_after(minutes: float | None, group: int) -> Iterator[threading.Event]:
    """Kill a group of processes after a time; the event tells whether that was done."""
    killed = threading.Event()

    def kill() -> None:
        killed.set()
        os.killpg(group, signal.SIGKILL)

    timer = threading.Timer(threading.TIMEOUT_MAX if minutes is None else minutes * 60, kill)
    timer.daemon = True
    timer.start()
    try:
        yield killed
    finally:
        timer.cancel()


@contextmanager
def _watched(session: int) -> Iterator[list[float]]:
    """Look at the memory of a session again and again; the list holds the MiB seen, and a 0."""
    seen = [0.0]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            seen[0] = max(seen[0], _together_mb(session))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _together_mb(session: int) -> float:
    """Return the memory of all processes of a session in MiB, or 0 for only one, which the kernel knows."""
    processes = [process for process in Path("/proc").glob("[0-9]*") if _session(process) == session]
    return sum(map(_mb, processes)) if len(processes) > 1 else 0.0


def _session(process: Path) -> int | None:
    try:
        # After the name, in brackets: state, parent, group, session.
        return int((process / "stat").read_text().rpartition(")")[2].split()[3])
    except OSError:  # it has just ended
        return None


def _mb(process: Path) -> float:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _how_ended(status: int) -> str:
    return f"ended with {status}" if status > 0 else f"ended by {signal.Signals(-status).name}"


def _text(file: int) -> str:
    return os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace")
