"""How long the whole job takes beside peers that do the same, and how much memory: each as one process.

`python -m benchmarks.peers --data FOLDER`: from `ratings.csv` to a file with the best unseen movies of every
user, by our job, and by implicit, RecTools and LensKit; imports are counted. What each peer does, and what
was chosen for its speed, says its module: `with_implicit.py`, `with_rectools.py`, `with_lenskit.py`. Factors,
iterations, alpha and regularization are the defaults of our job. The peers train one ALS, on every rating
alike, and write its lists. Ours also cleans, learns two more parts of the model, judges what it learned, and
writes histories, movies and vectors beside the lists; it is measured with all that.

Each peer gets an environment of its own on first use, from `benchmarks/requirements-NAME.txt`; it is kept,
until that file changes. Everyone is imported once before, so that nobody pays for a cold disk.

A place in a list is broken if it shows a movie that the user has rated, or one for the second time. They are
counted from the files, to see that the same job was done. A peer that fails is in the table, too.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click
import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from batch import __version__
from batch.settings import Settings
from benchmarks.machine import machine
from benchmarks.peers.environment import FOLDER, EnvironmentFailedError, environment, version
from benchmarks.peers.job import Job
from benchmarks.processes import Ended, run

OURS = "ours"
PEERS = ("implicit", "rectools", "lenskit")
# LensKit writes a row per user, with a list in it.
NESTED = "select user_id, unnest(items).item_id as item_id from file"
FLAT = "select user_id, item_id from file"


@dataclass(frozen=True)
class Row:
    """What is known of one contender: what it took and wrote, or why it failed."""

    version: str
    seconds: float
    peak_mb: float
    failure: str | None
    lists: int = 0
    places: int = 0
    broken: int = 0


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), default=Path("data"), show_default=True)
@click.option("--top-n", type=click.IntRange(min=1), default=100, show_default=True)
@click.option(
    "--peer",
    "names",
    type=click.Choice(PEERS),
    multiple=True,
    help="Run this one beside ours, and what else is named; without it, all.",
)
@click.option(
    "--environments",
    type=click.Path(path_type=Path),
    default=FOLDER,
    show_default=True,
    help="Folder in which environments are made and kept.",
)
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="Stop each one after that time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def peers(  # noqa: PLR0913 (one per option)
    data: Path,
    top_n: int,
    names: tuple[str, ...],
    environments: Path,
    minutes: float | None,
    *,
    as_json: bool,
) -> None:
    """Run our job and each peer on one folder, one after the other, and print what each took and wrote."""
    ratings = data / "ratings.csv"
    if not ratings.is_file():
        raise click.ClickException(f"{ratings} is missing; peers read ratings from that file, and no other")
    with tempfile.TemporaryDirectory() as temporary:
        job = _job(ratings, Path(temporary), top_n)
        ended = {}
        for name in (OURS, *(name for name in PEERS if name in names or not names)):
            click.echo(f"{name} …", err=True)
            ended[name] = _measured(name, job, environments, minutes)
        # Only now: what this process held itself would count as memory of whatever runs after it.
        rows = {name: _row(name, each, job) for name, each in ended.items()}
        counts = _counts(ratings)
    console = Console()
    console.print(
        f"{data.resolve().name}: {counts['ratings']:,} ratings of {counts['items']:,} movies by "
        f"{counts['users']:,} users; the best {top_n} for each"
    )
    console.print(machine())
    console.print(_table(rows))
    for name, row in rows.items():
        if row.failure:
            click.echo(f"{name} failed: {row.failure}")
    if as_json:
        about = {"data": data.resolve().name, "top_n": top_n, "machine": machine()}
        contenders = {name: asdict(row) for name, row in rows.items()}
        click.echo(json.dumps(about | counts | {"contenders": contenders}))


def _job(ratings: Path, lists: Path, top_n: int) -> Job:
    settings = Settings()
    return Job(
        ratings=ratings,
        lists=lists,
        top_n=top_n,
        factors=settings.factors,
        iterations=settings.iterations,
        alpha=settings.alpha,
        regularization=settings.regularization,
        seed=settings.seed,
    )


def _measured(name: str, job: Job, environments: Path, minutes: float | None) -> Ended:
    """Run one contender, and return what it took; what it needs is installed and read before."""
    if name == OURS:
        options = {"data": job.ratings.parent, "output": job.lists / OURS, "top-n": job.top_n}
        command = [
            sys.executable,
            "-m",
            "batch",
            "run",
            "--rebuild",
            "--accept-regression",
            "--json",
            "--quiet",
        ]
        command += [f"--{option}={value}" for option, value in options.items()]
    else:
        try:
            python = environment(name, environments)
        except EnvironmentFailedError as error:
            return Ended(seconds=0, peak_mb=0, failure=str(error), output="")
        own = replace(job, lists=job.lists / f"{name}.parquet")
        command = [str(python), "-m", f"benchmarks.peers.with_{name}", *own.arguments()]
    # What it imports comes from the disk now, and from memory when it is measured.
    subprocess.run([*command, "--help"], check=False, capture_output=True)
    return run(command, minutes)


def _row(name: str, ended: Ended, job: Job) -> Row:
    """Return what a contender took, with what is in the lists that it wrote."""
    row = Row(_version(name), ended.seconds, ended.peak_mb, ended.failure)
    if row.failure:
        return row
    try:
        with duckdb.connect() as connection:
            connection.read_csv(str(job.ratings), all_varchar=True).create_view("ratings")
            if name == OURS:
                path = (job.lists / OURS / "current.duckdb").resolve()
                connection.execute(f"attach '{path}' as generation (read_only)")
                connection.table("generation.recommendations").create_view("file")
            else:
                connection.read_parquet(str(job.lists / f"{name}.parquet")).create_view("file")
            connection.sql(NESTED if name == "lenskit" else FLAT).create_view("lists")
            return Row(**asdict(row) | _answer(connection, "promises"))
    except duckdb.Error as error:
        return replace(row, failure=f"wrote no lists: {error}")


def _version(name: str) -> str:
    return __version__ if name == OURS else version(name)


def _counts(ratings: Path) -> dict[str, int]:
    with duckdb.connect() as connection:
        connection.read_csv(str(ratings), all_varchar=True).create_view("ratings")
        return _answer(connection, "input")


def _answer(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, int]:
    """Return the one row of `benchmarks/peers/<name>.sql` by column."""
    connection.execute(Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8"))
    columns = [column[0] for column in connection.description or ()]
    values = connection.fetchone()
    assert values is not None
    return dict(zip(columns, map(int, values), strict=True))


def _table(rows: Mapping[str, Row]) -> Table:
    """Return a row for each contender; ratios are to ours, where it ended well."""
    table = Table("", "version", box=box.SIMPLE_HEAD, padding=0)
    for column in ("seconds", "÷ ours", "peak MB", "÷ ours", "lists", "places", "broken"):
        table.add_column(column, justify="right")
    ours = rows[OURS]
    for name, row in rows.items():
        if row.failure:
            table.add_row(name, row.version, "failed", *[""] * 6)
            continue
        table.add_row(
            name,
            row.version,
            f"{row.seconds:.2f}",
            "" if ours.failure else f"{row.seconds / ours.seconds:.2f}",
            f"{row.peak_mb:,.0f}",
            "" if ours.failure else f"{row.peak_mb / ours.peak_mb:.2f}",
            *(f"{count:,}" for count in (row.lists, row.places, row.broken)),
        )
    return table


if __name__ == "__main__":
    peers()
