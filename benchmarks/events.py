"""Events: what a made-up shop's events cost to load and clean, by row, as CSV or as Parquet.

`python -m benchmarks.events --rows 25_000_000 --format parquet`. Four of ten rows are of a user and an item
that have a row before, so that weights add up. `--write` keeps the events, and `--data` measures them, or any
other folder, such as ratings of `python -m benchmarks.generate`.
"""

import resource
import tempfile
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import click
import duckdb

from batch.data.clean import clean
from batch.data.inputs import find_inputs
from batch.data.load import load
from batch.runtime.database import connect
from batch.settings import Settings
from benchmarks.machine import machine
from sql import statement

# A shop has so many events by user, and by item.
ROWS_BY_USER, ROWS_BY_ITEM = 100, 500
SPEC = """\
[interactions]
file = "{file}"
user = "visitor"
item = "product"

[event]
column = "event"
kinds = {{ view = 1, addtocart = 3, transaction = 5 }}

[time]
column = "time"
format = "ms"
"""


def generate(folder: Path, rows: int, file_format: str) -> None:
    """Write so many events, and what they mean, into a folder."""
    file = f"events.{file_format}"
    with duckdb.connect() as connection:
        size = {
            "rows": rows,
            "users": max(1, rows // ROWS_BY_USER),
            "items": max(1, rows // ROWS_BY_ITEM),
        }
        connection.execute(statement("generate/events"), {**size, "path": str(folder / file)})
    (folder / "input.toml").write_text(SPEC.format(file=file), encoding="utf-8")


def measured(folder: Path) -> str:
    """Look at a folder, load and clean it, and return in one line what that took."""
    settings = Settings(data=folder)
    moments = [time.perf_counter()]
    with tempfile.TemporaryDirectory() as work:
        snapshot = find_inputs(folder).with_results(Path(work)).snapshot()
        moments.append(time.perf_counter())
        with connect(Path(work), settings) as connection:
            loaded = load(connection, snapshot, Path(work))
            moments.append(time.perf_counter())
            counts = clean(loaded, 0.5, datetime.now(UTC)).counts
            moments.append(time.perf_counter())
    seconds = [after - before for before, after in pairwise(moments)]
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (
        f"{counts.rows_read:,} rows, {counts.rows_kept:,} pairs: look {seconds[0]:.1f} s, "
        f"load {seconds[1]:.1f} s, clean {seconds[2]:.1f} s, "
        f"{1e6 * (used.ru_utime + used.ru_stime) / counts.rows_read:.2f} µs of processor a row, "
        f"peak {used.ru_maxrss / 1024:,.0f} MiB"
    )


@click.command()
@click.option("--rows", type=int, default=25_000_000, show_default=True, help="Number of events.")
@click.option(
    "--format", "file_format", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True
)
@click.option(
    "--data", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Instead: a folder."
)
@click.option(
    "--write", type=click.Path(path_type=Path, file_okay=False), help="Only write the events, to a folder."
)
def main(rows: int, file_format: str, data: Path | None, write: Path | None) -> None:
    """Print what events cost to load and clean. Figures of memory are right for `--data` alone."""
    if write:
        write.mkdir(parents=True, exist_ok=True)
        generate(write, rows, file_format)
        click.echo(f"wrote {rows:,} events to {write}")
        return
    with nullcontext(str(data)) if data else tempfile.TemporaryDirectory() as folder:
        if not data:
            generate(Path(folder), rows, file_format)
        click.echo(f"{measured(Path(folder))} ({machine()})")


if __name__ == "__main__":
    main()
