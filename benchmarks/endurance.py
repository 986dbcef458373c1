"""Whether the service stays as it is: half an hour of load, a switch of generations a minute, memory watched.

`python -m benchmarks.endurance --output FOLDER`, with a folder in which something is published; that of
`benchmarks.serve` by default. The load is half of what the service was seen to answer. The published file is
switched with itself under another name: for the service that is another generation. A request that fails,
or a switch that is not followed, fails the benchmark. Before it a preflight is measured alone.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import cycle, groupby
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click
import httpx2

from benchmarks.load import CLIENTS, check_all_answered, check_programs, fastest
from benchmarks.machine import machine
from benchmarks.processes import run
from benchmarks.serve import OURS, _liked, _ours, _user_ids, _written
from benchmarks.servers import Server, serving

SECONDS_BETWEEN_LOOKS = 5
SECONDS_OF_TRIAL = 10


class Look(NamedTuple):
    """A look at the process: seconds since the beginning, switches made by then, and MiB held."""

    seconds: float
    switches: int
    memory_mb: float


@dataclass(frozen=True)
class Endured:
    """What was seen; memory is resident, in MiB, looked at every few seconds.

    Two generations are open for some seconds of each switch, and the new one fills its memory after them. So
    whether memory stays as it is tell the medians of the spans from one switch to the next.
    """

    minutes: float
    requests_per_second: float  # asked for
    switches: int
    medians_mb: list[float]  # of each span after the first five minutes, or the second half of a shorter run
    least_mb: float  # in the same time
    most_mb: float
    peak_mb: float  # of all the time, as the system has it

    @property
    def growth(self) -> float:
        """By which part memory grew since it had settled."""
        return self.medians_mb[-1] / self.medians_mb[0] - 1

    @property
    def spread(self) -> float:
        """By which part the medians of two spans differ at most."""
        return max(self.medians_mb) / min(self.medians_mb) - 1


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
    # First of all, while this process is small.
    preflight = run([sys.executable, "-m", "api.preflight", str(output / "current.duckdb")])
    if preflight.failure:
        raise click.ClickException(f"the preflight of the published generation failed: {preflight.failure}")
    with tempfile.TemporaryDirectory(dir=output) as folder:
        twins = _twins((output / "current.duckdb").resolve(), Path(folder))
        contender = _ours(Path(folder))
        users = _user_ids(twins[0])
        files = _written({OURS: contender}, users, _liked(twins[0]), Path(folder) / "requests")
        requests = files[OURS]["recommendations"]
        with serving(contender.command, contender.variables) as server:
            rate = fastest(server.url, requests, SECONDS_OF_TRIAL, seed=1) / 2
            endured = _endured(server, requests, rate, twins, minutes, switch_every)
    click.echo(
        f"{endured.minutes:g} minutes, {endured.requests_per_second:,.0f} requests a second, none failed; "
        f"{endured.switches} switches; {len(users):,} users; {machine()}"
    )
    click.echo(
        "memory in MiB, medians from switch to switch after five minutes: "
        + " ".join(f"{median_mb:.0f}" for median_mb in endured.medians_mb)
    )
    click.echo(
        f"from the first to the last {endured.growth:+.1%}, at most {endured.spread:.1%} apart; "
        f"single looks {endured.least_mb:.0f} to {endured.most_mb:.0f}, of all the time {endured.peak_mb:.0f}"
    )
    click.echo(f"the preflight of a generation alone: {preflight.seconds:.1f} s, {preflight.peak_mb:.0f} MiB")
    if as_json:
        click.echo(json.dumps(asdict(endured) | {"growth": endured.growth, "spread": endured.spread}))


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
    held: list[Look] = []
    began, switches = time.monotonic(), 0
    turns = cycle([twins[1], twins[0]])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        while load.poll() is None:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            passed = time.monotonic() - began
            held.append(Look(passed, switches, server.memory_mb()["memory_mb"]))
            # The last one is made early enough to be followed.
            if (switches + 1) * switch_every < passed < minutes * 60 - switch_every / 2:
                _publish(twins[0].parent.parent, next(turns))
                switches += 1
        assert load.stdout is not None
        check_all_answered(load.stdout.read())
    counted = httpx2.get(f"{server.url}/metrics").text
    # The first is the opening.
    if f"recommender_switches_total {switches + 1}.0" not in counted:
        raise click.ClickException(f"{switches} switches were made, and not all of them were followed")
    settled = [look for look in held if look.seconds >= min(300.0, minutes * 30)]
    spans = [
        [look.memory_mb for look in span] for _, span in groupby(settled, key=lambda look: look.switches)
    ]
    # What is cut off at the ends says little.
    whole = [span for span in spans if len(span) >= max(map(len, spans)) / 2]
    memory = [look.memory_mb for look in settled]
    return Endured(
        minutes,
        rate,
        switches,
        medians_mb=[median(span) for span in whole],
        least_mb=min(memory),
        most_mb=max(memory),
        peak_mb=server.memory_mb()["peak_memory_mb"],
    )


if __name__ == "__main__":
    endure()
