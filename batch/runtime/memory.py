"""Memory: the most that this process holds at once during a part of its work."""

import re
import resource
import sys
import threading
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
SECONDS_BETWEEN_LOOKS = 0.1


class Peak:
    """The largest resident set from its making to its end.

    The kernel knows the largest since the process began: where that grows, it is exact. Elsewhere it is
    what was seen in looking ten times a second. The kernel could begin anew, but then `time` and others
    would be told of the last part alone.
    """

    def __init__(self) -> None:
        self._largest_before = largest_mb()
        self._seen = held_mb()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            self._seen = max(self._seen, held_mb())

    def end(self) -> float:
        """Look for the last time, and return the peak in MiB."""
        self._ended.set()
        self._thread.join()
        largest = largest_mb()
        return largest if largest > self._largest_before else max(self._seen, held_mb())


def tells_peaks_apart() -> bool:
    """Return whether the system tells what is held now; else a peak is that since the process began."""
    return _STATUS.exists()


def held_mb() -> float:
    """Return the resident set in MiB, or the largest so far where the system does not tell."""
    return _status_mb("VmRSS")


def largest_mb() -> float:
    """Return the largest resident set since the process began, in MiB."""
    return _status_mb("VmHWM")


def _status_mb(field: str) -> float:
    with suppress(OSError):
        found = re.search(rf"^{field}:\s+(\d+) kB$", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
        if found:
            return int(found[1]) / 2**10
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS tells bytes, and all others kilobytes.
    return held / (2**20 if sys.platform == "darwin" else 2**10)
