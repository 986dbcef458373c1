"""How long the report takes, as a command of its own, and how large its page is.

`python -m benchmarks.report` makes up data, a quarter of MovieLens 25M, and publishes two generations of
it, so that there are lists to compare. `--output FOLDER` takes what is published there.
"""

import json
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import click

from benchmarks.generate import Scale, Size, generate
from benchmarks.machine import machine
from benchmarks.processes import Ended, run


@click.command()
@click.option("--scale", type=Scale(), default="1/4", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, exists=True), help="Folder with a generation.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def report(scale: Fraction, output: Path | None, *, as_json: bool) -> None:
    """Make a report on a large generation, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        if output is None:
            output = _published(Path(folder), scale)
        page = Path(folder) / "report.html"
        ended = _batch("report", "--output", str(output), "--file", str(page))
        figures = {
            "seconds": round(ended.seconds, 2),
            "peak_rss_mb": round(ended.peak_mb),
            "page_mb": round(page.stat().st_size / 1e6, 2),
        }
    if as_json:
        click.echo(json.dumps(figures))
    else:
        click.echo(machine())
        for name, value in figures.items():
            click.echo(f"{name:<12} {value:>8}")


def _published(folder: Path, scale: Fraction) -> Path:
    data, output = folder / "data", folder / "output"
    generate(data, Size.of(scale), 0, seed=42)
    for seed in ("1", "2"):
        _batch("run", "--data", str(data), "--output", str(output), "--seed", seed, "--accept-regression")
    return output


def _batch(*arguments: str) -> Ended:
    ended = run([sys.executable, "-m", "batch", *arguments, "--quiet"])
    if ended.failure:
        raise click.ClickException(f"{arguments[0]} {ended.failure}")
    return ended


if __name__ == "__main__":
    report()
