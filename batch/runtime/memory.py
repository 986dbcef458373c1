"""Memory: the most that this process holds at once during a part of its work."""

import re
import resource
import sys
import threading
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
SECONDS_BETWEEN_SAMPLES = 0.1


class Peak:
    """The largest resident set from its construction to its end.

    The kernel knows the largest since the process began: if that grows, it is exact. Otherwise it is the
    largest of ten samples a second. The kernel could be reset, but then `time` and others would show the last
    part alone. psutil knows no peak.
    """

    def __init__(self) -> None:
        self._largest_before = largest_mb()
        self._sampled = held_mb()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_SAMPLES):
            self._sampled = max(self._sampled, held_mb())

    def end(self) -> float:
        """Take the last sample, and return the peak in MiB."""
        self._ended.set()
        self._thread.join()
        largest = largest_mb()
        return largest if largest > self._largest_before else max(self._sampled, held_mb())


def tells_peaks_apart() -> bool:
    """Return whether the system knows what is held now; else a peak is that since the process began."""
    return _STATUS.exists()


def held_mb() -> float:
    """Return the resident set in MiB, or the largest so far if the system does not know it."""
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
    # macOS counts bytes, and all others kilobytes.
    return held / (2**20 if sys.platform == "darwin" else 2**10)
