"""Memory: the most that this process has held at once, since it was last told to begin anew."""

import re
import resource
import sys
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_THE_PEAK = "5"  # man 5 proc; on Linux since 4.0


def begin_peak() -> bool:
    """Begin a new peak with what is held now; False where the system counts from the start of the process.

    What others are told of this process begins anew, too: the `ru_maxrss` that `time` prints is then that
    of its last step.
    """
    with suppress(OSError):
        _CLEAR.write_text(_RESET_THE_PEAK, encoding="ascii")
        return True
    return False


def peak_mb() -> float:
    """Return the largest resident set since the last beginning, in MiB."""
    with suppress(OSError):
        if found := re.search(r"^VmHWM:\s+(\d+) kB$", _STATUS.read_text(encoding="ascii"), re.MULTILINE):
            return int(found[1]) / 2**10
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS tells bytes, and all others kilobytes.
    return held / (2**20 if sys.platform == "darwin" else 2**10)
