"""How long the nightly job takes, by step, and how much memory, from small to large.

`python -m benchmarks.nightly` makes up data of four sizes, the largest like MovieLens 25M, and runs the
whole job on each, as a process of its own. `--data FOLDER --runs 5` runs it on other data, several times. A
generation of each run goes to a folder that is removed.
"""

import importlib
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.generate import Scale, Size, generate
from benchmarks.machine import machine
from benchmarks.processes import run

SCALES = ("1/64", "1/16", "1/4", "1")
# What each step should cost: so many seconds for each of these.
PER_RATING = ("load", "clean", "train")
PER_PAIR = ("score",)


@dataclass(frozen=True)
class UserMetrics:
    """What one size of data took, medians over the runs."""

    name: str
    ratings: int
    pairs: int  # of users and movies
    figures: dict[str, float]  # seconds by step and in all, memory and file in MB

    def cost(self, step: str) -> float:
        """Return the seconds of a step for each rating, or for each pair."""
        return self.figures[f"{step}_seconds"] / (self.pairs if step in PER_PAIR else self.ratings)


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path, exists=True), help="Folder with ratings; else made up."
)
@click.option("--scale", "scales", type=Scale(), multiple=True, default=SCALES, show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw cost: .svg or .png.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def nightly(
    data: Path | None, scales: tuple[Fraction, ...], runs: int, plot: Path | None, *, as_json: bool
) -> None:
    """Run the job on data of several sizes, and print what each step took."""
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for scale in [Fraction(1)] if data else sorted(scales):
            name = str(data or scale)
            if data is None:
                generate(Path(folder) / "data", Size.of(scale), 0, seed=42)
            measured.append(_measure(name, data or Path(folder) / "data", Path(folder) / "output", runs))
    console = Console()
    console.print(f"median of {runs} runs; {machine()}")
    console.print(_table(measured))
    growth = _growth(measured)
    if growth:
        console.print(f"cost for each rating (score: for each pair) at {measured[-1].name}, ÷ that at 1/16:")
        console.print(", ".join(f"{step} {ratio:.2f}" for step, ratio in growth.items()))
    if plot:
        _draw(measured, plot)
    if as_json:
        by_scale = {each.name: each.figures for each in measured}
        click.echo(json.dumps({**measured[-1].figures, "growth": growth, "scales": by_scale}))


def _measure(name: str, data: Path, output: Path, runs: int) -> UserMetrics:
    figures = []
    for _ in range(runs):
        command = [sys.executable, "-m", "batch", "run", "--data", str(data), "--output", str(output)]
        job = run([*command, "--json", "--quiet", "--rebuild", "--accept-regression"])
        if job.failure:
            raise click.ClickException(f"the job {job.failure}")
        result: dict[str, Any] = json.loads(job.output)
        figures.append(
            {
                **{f"{step}_seconds": seconds for step, seconds in result["seconds"].items()},
                "process_seconds": job.seconds,
                "peak_rss_mb": job.peak_mb,
                "file_mb": Path(result["file"]).stat().st_size / 1e6,
            }
        )
    counts = result["counts"]
    medians = {each: statistics.median(run_figures[each] for run_figures in figures) for each in figures[0]}
    return UserMetrics(name, counts["rows_read"], counts["users"] * counts["items"], medians)


def _table(measured: list[UserMetrics]) -> Table:
    table = Table("", *(each.name for each in measured), box=box.SIMPLE_HEAD)
    table.add_row("ratings", *(f"{each.ratings:,}" for each in measured))
    for figure in measured[0].figures:
        table.add_row(figure, *(f"{each.figures[figure]:,.2f}" for each in measured))
    return table


def _growth(measured: list[UserMetrics]) -> dict[str, float]:
    """Return how much more the largest size costs than a sixteenth, by step, for each rating or pair."""
    small = next((each for each in measured if each.name == "1/16"), None)
    if small is None:
        return {}
    return {step: measured[-1].cost(step) / small.cost(step) for step in (*PER_RATING, *PER_PAIR)}


def _draw(measured: list[UserMetrics], file: Path) -> None:
    try:
        pyplot = importlib.import_module("matplotlib.pyplot")
    except ModuleNotFoundError as error:
        raise click.ClickException("pip install -r benchmarks/requirements-benchmarks.txt") from error
    figure, (time, memory) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    ratings = [each.ratings for each in measured]
    steps = [each for each in measured[0].figures if each.endswith("_seconds")]
    for step in steps:
        name, is_whole = step.removesuffix("_seconds"), step == "process_seconds"
        time.plot(
            ratings, [each.figures[step] for each in measured], marker="o", label="all" if is_whole else name,
            linewidth=3 if is_whole else 1,
        )  # fmt: skip
    for size, label in (("peak_rss_mb", "peak memory"), ("file_mb", "file")):
        memory.plot(ratings, [each.figures[size] for each in measured], marker="o", label=label)
    for axes, what in ((time, "seconds"), (memory, "MB")):
        axes.set(xscale="log", yscale="log", xlabel="ratings", ylabel=what)
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(file)


if __name__ == "__main__":
    nightly()
