"""Whether the service stays as it is: half an hour of load, a switch of generations a minute, memory watched.

`python -m benchmarks.endurance --output FOLDER`, with a folder in which something is published; that of
`benchmarks.serve` by default. The load is half of what the service was seen to answer. The published file is
switched with itself under another name: for the service that is another generation. A request that fails,
or a switch that is not followed, fails the benchmark.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

import click
import httpx2

from benchmarks.load import CLIENTS, check_all_answered, check_programs, fastest
from benchmarks.machine import machine
from benchmarks.serve import OURS, _ours, _user_ids, _written
from benchmarks.servers import Server, serving

SECONDS_BETWEEN_LOOKS = 5
SECONDS_OF_TRIAL = 10


@dataclass(frozen=True)
class Endured:
    """What was seen; memory is resident, in MiB, looked at every few seconds."""

    minutes: float
    requests_per_second: float  # asked for
    switches: int
    settled_mb: float  # median of the sixth minute, or of the second half of a shorter run
    last_mb: float  # median of as long at the end
    least_mb: float  # after the first five minutes
    most_mb: float  # the same; two generations are open during a switch
    peak_mb: float  # of all the time, as the system has it

    @property
    def growth(self) -> float:
        """By which part memory grew since it had settled."""
        return self.last_mb / self.settled_mb - 1


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, exists=True),
    default=Path(".benchmark-serve/200000/output"),
    show_default=True,
)
@click.option("--minutes", type=click.FloatRange(0.2), default=30.0, show_default=True)
@click.option("--switch-every", type=click.IntRange(5), default=60, show_default=True, help="Seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def endure(output: Path, minutes: float, switch_every: int, *, as_json: bool) -> None:
    """Load the service for a long time, and watch its memory."""
    check_programs()
    with tempfile.TemporaryDirectory(dir=output) as folder:
        twins = _twins((output / "current.duckdb").resolve(), Path(folder))
        contender = _ours(Path(folder))
        users = _user_ids(twins[0])
        requests = _written({OURS: contender}, users, Path(folder) / "requests")[OURS]["recommendations"]
        with serving(contender.command, contender.variables) as server:
            rate = fastest(server.url, requests, SECONDS_OF_TRIAL, seed=1) / 2
            endured = _endured(server, requests, rate, twins, minutes, switch_every)
    click.echo(
        f"{endured.minutes:g} minutes, {endured.requests_per_second:,.0f} requests a second, none failed; "
        f"{endured.switches} switches; {len(users):,} users; {machine()}"
    )
    click.echo(
        f"memory in MiB: {endured.settled_mb:.0f} when settled, {endured.last_mb:.0f} at the end "
        f"({endured.growth:+.1%}); after five minutes {endured.least_mb:.0f} to {endured.most_mb:.0f}; "
        f"at most {endured.peak_mb:.0f}"
    )
    if as_json:
        click.echo(json.dumps(asdict(endured) | {"growth": endured.growth}))


def _twins(file: Path, folder: Path) -> list[Path]:
    """Return two names for a generation in an output folder of its own, of which the first is published."""
    (folder / "generations").mkdir()
    names = [folder / "generations" / f"2000010{number}T000000Z-000000.duckdb" for number in (1, 2)]
    for name in names:
        try:
            os.link(file, name)
        except OSError:  # on another disk
            shutil.copyfile(file, name)
    _publish(folder, names[0])
    return names


def _publish(folder: Path, file: Path) -> None:
    link = folder / "new.duckdb"
    link.symlink_to(file.relative_to(folder))
    link.replace(folder / "current.duckdb")


def _endured(  # noqa: PLR0913, PLR0917 (what is loaded, by what, for how long)
    server: Server, requests: Path, rate: float, twins: list[Path], minutes: float, switch_every: int
) -> Endured:
    command = [
        *("h2load", "--h1", "--threads", "1", "--clients", str(CLIENTS)),
        *("--duration", str(round(minutes * 60)), "--rps", f"{rate / CLIENTS:.3f}"),
        *("--base-uri", server.url, "--input-file", str(requests)),
    ]
    held: list[tuple[float, float]] = []
    began, switches = time.monotonic(), 0
    turns = cycle([twins[1], twins[0]])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        while load.poll() is None:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            passed = time.monotonic() - began
            held.append((passed, server.memory_mb()["memory_mb"]))
            if passed > (switches + 1) * switch_every and load.poll() is None:
                _publish(twins[0].parent.parent, next(turns))
                switches += 1
        assert load.stdout is not None
        check_all_answered(load.stdout.read())
    counted = httpx2.get(f"{server.url}/metrics").text
    # The first is the opening.
    if f"recommender_switches_total {switches + 1}.0" not in counted:
        raise click.ClickException(f"{switches} switches were made, and not all of them were followed")
    return _summary(held, minutes, rate, switches, server.memory_mb()["peak_memory_mb"])


def _summary(
    held: list[tuple[float, float]], minutes: float, rate: float, switches: int, peak_mb: float
) -> Endured:
    settled_at = min(300.0, minutes * 30)
    window = min(60.0, minutes * 15)
    after = [each for passed, each in held if passed >= settled_at]
    settled = [each for passed, each in held if settled_at <= passed < settled_at + window]
    last = [each for passed, each in held if passed >= minutes * 60 - window]
    return Endured(minutes, rate, switches, median(settled), median(last), min(after), max(after), peak_mb)


if __name__ == "__main__":
    endure()
