"""What the job costs on Spark: made-up data of three sizes, on one executor and on two.

`python -m benchmarks.spark` starts a standalone cluster on this machine for each run, executors of one core,
and prints seconds by step, the memory of the driver (Python and Java together), the size of the file, and how
the time on two executors compares with that on one. docs/deployment.md computes from these figures.
"""

import json
import os
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.cluster import cluster
from benchmarks.generate import Scale, Size, generate
from benchmarks.machine import machine
from benchmarks.processes import run

SCALES = ("1/64", "1/16", "1/4")
EXECUTORS = (1, 2)


@click.command()
@click.option("--scale", "scales", type=Scale(), multiple=True, default=SCALES, show_default=True)
@click.option("--executors", type=click.IntRange(min=1), multiple=True, default=EXECUTORS, show_default=True)
@click.option("--executor-memory", default="2g", show_default=True)
@click.option("--factors", type=click.IntRange(min=1), multiple=True, help="Other lengths of the taste part.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def spark(
    scales: tuple[Fraction, ...],
    executors: tuple[int, ...],
    executor_memory: str,
    factors: tuple[int, ...],
    *,
    as_json: bool,
) -> None:
    """Run the job on data of several sizes, on clusters of several sizes, and print what it took."""
    measured: dict[str, dict[str, float]] = {}
    for scale in sorted(scales):
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder) / "data", Size.of(scale), 0, seed=42)
            for count in executors:
                for length in factors or (None,):
                    name = f"{scale}, {count} executors" + (f", {length} factors" if length else "")
                    options = ["--factors", str(length)] if length else []
                    measured[name] = _measure(Path(folder), count, executor_memory, options)
    console = Console(width=200)
    console.print(f"scale, executors; {machine()}; load of the machine now {os.getloadavg()[0]:.1f}")
    table = Table("", *measured, box=box.SIMPLE_HEAD)
    for figure in next(iter(measured.values())):
        table.add_row(figure, *(f"{each.get(figure, 0):,.1f}" for each in measured.values()))
    console.print(table)
    if as_json:
        click.echo(json.dumps(measured))


def _measure(folder: Path, executors: int, memory: str, options: list[str]) -> dict[str, float]:
    with (
        tempfile.TemporaryDirectory() as place,
        cluster(
            Path(place) / "cluster", executors, memory, driver_memory="900m", sql_shuffle_partitions="8"
        ) as running,
    ):
        command = [
            *(sys.executable, "-m", "batch", "run", "--engine", "spark", "--master", running.master),
            *("--data", str(folder / "data"), "--output", str(Path(place) / "output"), "--memory-gb", "0.4"),
            # What is measured is what it takes; made-up ratings of few need not make good lists.
            *("--json", "--quiet", "--rebuild", "--accept-regression", *options),
        ]
        before = _busy_seconds()
        job = run(command, variables=running.variables)
        if job.failure:
            raise click.ClickException(f"the job {job.failure}")
        result = json.loads(job.output)
        return {
            "ratings": result["counts"]["rows_kept"],
            "users": result["counts"]["users"],
            "movies": result["counts"]["items"],
            "seconds": job.seconds,
            # Of the whole machine: executors, driver and all that they start.
            "cores busy": (_busy_seconds() - before) / job.seconds,
            **{f"{step} seconds": seconds for step, seconds in result["seconds"].items()},
            "driver MiB": job.peak_mb,
            "file MB": Path(result["file"]).stat().st_size / 1e6,
        }


def _busy_seconds() -> float:
    """Return the seconds for which the cores of this machine have been busy since it was started."""
    user, nice, system, _idle, _waiting, *others = map(
        int, Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:8]
    )
    return (user + nice + system + sum(others)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    spark()
