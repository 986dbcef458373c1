"""Load: many clients at once, by wrk as fast as they are answered, by h2load at a steady rate.

Both keep their connections open, and send the next request on one when the last is answered. Both programs
come from outside: `apt-get install wrk nghttp2-client` on Debian and Ubuntu.
"""

import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

CLIENTS = 64
PACKAGES = {"wrk": "wrk", "h2load": "nghttp2-client"}
SCRIPT = Path(__file__).with_name("requests.lua")
# A server that lets some wait while it serves others is slow, and hasn't failed.
SECONDS_TO_WAIT = 10
# h2load starts its clients one after the other, so many requests of each apart. The golden ratio spreads the
# moments at which they send over the time between two requests, however many clients there are.
REQUESTS_APART = 1.618
# Where requests are rare, they start sooner, or starting would take minutes.
MAX_SECONDS_APART = 0.1
# What h2load counts apart.
NOT_ANSWERED = ("failed", "errored", "timeout", "3xx", "4xx", "5xx")
# A client that falls behind what it is asked by more than this hasn't kept to the rate.
MIN_HELD = 0.98


@dataclass(frozen=True)
class Steady:
    """How long requests took at a rate that the clients were asked to keep."""

    asked: float  # requests a second
    held: float
    p50_ms: float
    p99_ms: float

    @property
    def is_held(self) -> bool:
        """Whether the clients kept to the rate; if not, they waited, and times say too little."""
        return self.held >= MIN_HELD * self.asked


def check_programs() -> None:
    """Raise click.ClickException if a program is missing, and say how to get it."""
    missing = [name for name in PACKAGES if shutil.which(name) is None]
    if missing:
        packages = " ".join(PACKAGES[name] for name in missing)
        raise click.ClickException(
            f"{' and '.join(missing)} not found: install it (Debian and Ubuntu: apt-get install {packages})"
        )


def fastest(url: str, paths: Path, seconds: int, seed: int) -> float:
    """Return the requests a second that a server answers, of paths that a file names, drawn at random."""
    return requests_per_second(
        _said(
            [
                *("wrk", "--threads", "1", "--connections", str(CLIENTS), "--duration", f"{seconds}s"),
                *("--timeout", f"{SECONDS_TO_WAIT}s", "--script", str(SCRIPT), url),
                *("--", str(paths), str(seed)),
            ]
        )
    )


def requests_per_second(said: str) -> float:
    """Return the figure from what wrk said. Raises click.ClickException where a request failed."""
    faults = re.findall(r"^ *(?:Non-2xx or 3xx responses|Socket errors): .*$", said, re.MULTILINE)
    if faults:
        raise click.ClickException("wrk: " + "; ".join(fault.strip() for fault in faults))
    found = re.search(r"^Requests/sec: +([\d.]+)$", said, re.MULTILINE)
    if not found or not float(found[1]):
        raise click.ClickException("wrk: not one request was answered")
    return float(found[1])


def steady(url: str, paths: Path, rate: float, seconds: float) -> Steady:
    """Return how long requests take while all clients together send so many a second.

    Every client of h2load goes through the file from its first line. Started together, all would ask for the
    same user at the same moment, again and again, which is not what users do, and easy for whoever looks up
    many at once. So they start one after the other, and measured is the time in which all are at work.
    """
    of_client = rate / CLIENTS
    # In whole milliseconds, for h2load.
    apart = max(1, round(1000 * min(REQUESTS_APART / of_client, MAX_SECONDS_APART))) / 1000
    starting = (CLIENTS - 1) * apart
    each = max(1, round((starting + seconds) * of_client))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.tsv"
        said = _said(
            [
                *("h2load", "--h1", "--threads", "1", "--clients", str(CLIENTS)),
                *("--requests", str(each * CLIENTS), "--rps", f"{of_client:.3f}"),
                *("--rate", "1", "--rate-period", f"{apart * 1000:.0f}ms"),
                *("--base-uri", url, "--input-file", str(paths), "--log-file", str(log)),
            ]
        )
        check_all_answered(said)
        with log.open(encoding="utf-8") as lines:
            return times(lines, rate, starting, seconds)


def check_all_answered(said: str) -> None:
    """Raise click.ClickException if h2load says that a request failed, or wasn't answered by 2xx.

    A status may be counted of which the body was still to come when time was over.
    """
    lines = re.findall(r"^(?:requests|status codes): .*$", said, re.MULTILINE)
    counted = {name: int(number) for number, name in re.findall(r"(\d+) (\w+)", "; ".join(lines))}
    is_whole = counted.get("succeeded", 0) > 0 and counted["succeeded"] == counted["total"]
    if not is_whole or any(counted[name] for name in NOT_ANSWERED):
        raise click.ClickException("h2load: " + ("; ".join(lines) or "no request was sent"))


def times(lines: Iterable[str], rate: float, starting: float, seconds: float) -> Steady:
    """Return what is in the log of h2load, of some seconds after those in which clients were started.

    A line is the start in microseconds since 1970, the status, and how many microseconds it took.
    """
    rows = [(int(start), int(took)) for start, _status, took in (line.split("\t")[:3] for line in lines)]
    first = min(start for start, _ in rows) + starting * 1e6
    took = [each for start, each in rows if first <= start < first + seconds * 1e6]
    if len(took) < 2:  # noqa: PLR2004 (what a percentile lies between)
        raise click.ClickException(f"{len(took)} requests are too few to time; ask for more seconds")
    percentiles = statistics.quantiles(took, n=100, method="inclusive")
    return Steady(rate, len(took) / seconds, percentiles[49] / 1000, percentiles[98] / 1000)


def _said(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise click.ClickException(": ".join([f"{command[0]} ended with {done.returncode}", *last]))
    return done.stdout
