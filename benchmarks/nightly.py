"""How long the nightly job takes, by step, and how much memory: whole processes, several runs in a row.

`python -m benchmarks.nightly --data FOLDER`; a generation of each run goes to a folder that is removed.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.processes import run


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), default=Path("data"), show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def nightly(data: Path, runs: int, *, as_json: bool) -> None:
    """Run the job several times on one folder, and print the median of each figure."""
    with tempfile.TemporaryDirectory() as output:
        measured = [_measure(data, Path(output)) for _ in range(runs)]
    medians = {name: statistics.median(each[name] for each in measured) for name in measured[0]}
    table = Table("figure", "median", "lowest", "highest", box=box.SIMPLE_HEAD)
    for name, median in medians.items():
        values = [each[name] for each in measured]
        table.add_row(name, f"{median:.2f}", f"{min(values):.2f}", f"{max(values):.2f}")
    console = Console()
    console.print(f"{runs} runs on {data}; {machine()}")
    console.print(table)
    if as_json:
        click.echo(json.dumps(medians))


def _measure(data: Path, output: Path) -> dict[str, float]:
    """Return, of one run, seconds by step and as a process, peak memory and size of the file in MB."""
    command = [sys.executable, "-m", "batch", "run", "--data", str(data), "--output", str(output)]
    job = run([*command, "--force", "--json", "--quiet"])
    if job.failure:
        raise click.ClickException(f"the job {job.failure}")
    result: dict[str, Any] = json.loads(job.output)
    return {
        **{f"{step}_seconds": seconds for step, seconds in result["seconds"].items()},
        "process_seconds": job.seconds,
        # The job has its peak counted anew for each step, so the kernel knows only that of the last.
        "peak_rss_mb": max(job.peak_mb, *result["peak_mb"].values()),
        "file_mb": Path(result["file"]).stat().st_size / 1e6,
    }


if __name__ == "__main__":
    nightly()
