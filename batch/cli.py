"""The command line: options become settings, errors become exit statuses."""

import csv
import json
import math
import os
import re
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NoReturn

import click
import duckdb
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch import __version__, generations as list_of_generations
from batch.errors import BatchError, UsageError
from batch.fetch import catalogue
from batch.figures import table as table_of_figures
from batch.memory import tells_peaks_apart
from batch.nightly import run as run_nightly
from batch.options import FiniteRange, json_option, option, options, quiet_option
from batch.output import Output
from batch.progress import Progress, log_to_stderr
from batch.quality.request import CUTS, Request
from batch.query import Answer, query as run_query, saved_queries
from batch.rollback import rollback as roll_back
from batch.settings import MODEL_SETTINGS, Settings, by_name

# What Python, and what DuckDB, raises when the disk is full or memory ends; a commit can fail for no other
# reason here.
_SYSTEM_FAULTS = (
    OSError,
    MemoryError,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,
    duckdb.FatalException,
)
_REMEDY = "make room or give permission, and run again"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(version)s")
def commands() -> None:
    """Precompute movie recommendations, and look after what is published.

    Exit status: 0 done; 1 a bug or the system; 2 wrong usage; 3 bad input; 4 refused; 5 another run is
    at work; 130 stopped by Ctrl-C. Whatever it is, what was published stays published.
    """


@commands.command()
@options(*by_name())
@quiet_option
@json_option
def run(quiet: bool, as_json: bool, **values: Any) -> None:
    """Do the nightly job: read ratings, publish a new generation, if anything has changed.

    Nothing is done where the published generation is from the same input, settings and versions.
    """
    log_to_stderr()
    with Progress(quiet=quiet) as progress:
        published = run_nightly(Settings(**values), progress)
    if published.is_new:
        took = (published.seconds, published.rows, published.peak_mb)
        progress.show(table_of_figures(*took, tells_peaks_apart=tells_peaks_apart()))
    if as_json:
        _print_json({**asdict(published), "file": str(published.file)})
    elif not quiet and not published.is_new:
        click.echo(
            f"nothing to do: {published.file} is from the same input, settings and versions; "
            "--force makes it anew"
        )
    elif not quiet:
        counts = published.counts
        click.echo(
            f"published {published.file}: lists of up to {values['top_n']:,} films "
            f"for {counts.users:,} users, in {sum(published.seconds.values()):.1f} s"
        )


@commands.command()
@options("data", "max_rejected", *MODEL_SETTINGS)
@click.option(
    "--split",
    envvar="SPLIT",
    show_envvar=True,
    show_default=True,
    type=click.Choice(["last", "time"]),
    default="last",
    help="Hold out the last rating of everyone, or all from a moment on.",
)
@click.option(
    "--cut",
    envvar="CUT",
    show_envvar=True,
    show_default=True,
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    multiple=True,
    default=CUTS,
    help="Share of the ratings before that moment; of several, the mean is taken.",
)
@click.option(
    "--protocol",
    envvar="PROTOCOL",
    show_envvar=True,
    show_default=True,
    type=click.Choice(["full", "ncf"]),
    default="full",
    help="Rank the whole catalogue, or the held-out film among 99 as the NCF paper does.",
)
@click.option(
    "--negatives",
    envvar="NEGATIVES",
    show_envvar=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with those 99 films of each user; without it they are drawn.",
)
@click.option(
    "--max-users",
    envvar="MAX_USERS",
    show_envvar=True,
    show_default=True,
    type=click.IntRange(min=1),
    default=10_000,
    help="Judge by a sample of so many users where there are more.",
)
@quiet_option
@json_option
def evaluate(quiet: bool, as_json: bool, **values: Any) -> None:
    """Measure the lists against later ratings, beside baselines; write nothing."""
    # Only what learns and measures needs the model, which takes more than a second to import.
    from batch.quality.answer import evaluate_folder  # noqa: PLC0415
    from batch.quality.report import as_json as evaluation_as_json, tables, told  # noqa: PLC0415

    log_to_stderr()
    request = Request(**{each.name: values.pop(each.name) for each in fields(Request)})
    with Progress(quiet=quiet) as progress:
        evaluation = evaluate_folder(request, Settings(**values), progress)
    if as_json:
        click.echo(json.dumps(_finite(evaluation_as_json(evaluation))))
        return
    for line in told(evaluation):
        click.echo(line)
    for table in tables(evaluation, of_lists=request.protocol == "full"):
        _print(table)


@commands.command()
@options("data", "max_rejected", *MODEL_SETTINGS)
@click.option(
    "--minutes",
    envvar="MINUTES",
    show_envvar=True,
    show_default=True,
    type=FiniteRange(0, 1e5, min_open=True),
    default=10.0,
    help="How long to search; a trial that has begun is ended.",
)
@quiet_option
@json_option
def tune(minutes: float, quiet: bool, as_json: bool, **values: Any) -> None:
    """Search better options of the model for your data, and print them as settings for run."""
    # As in evaluate.
    from batch.quality.answer import tune_folder  # noqa: PLC0415

    log_to_stderr()
    with Progress(quiet=quiet) as progress:
        tuned = tune_folder(Settings(**values), minutes * 60, progress)
    if as_json:
        click.echo(json.dumps(_finite(asdict(tuned))))
        return
    if not quiet:
        for split, after in tuned.after.items():
            click.echo(f"ndcg@10 {split}: {tuned.before[split]:.4f} before, {after:.4f} after", err=True)
    for name, value in tuned.settings.items():
        click.echo(f"{name.upper()}={value}")


@commands.command(epilog=catalogue.described())
@click.argument("name", type=click.Choice(catalogue.NAMES), metavar="NAME")
@option("data")
@click.option(
    "--mirror",
    envvar="MIRROR",
    show_envvar=True,
    help="Address of a folder that has the archives; without it, where each set is published.",
)
@click.option(
    "--retries",
    envvar="RETRIES",
    show_envvar=True,
    show_default=True,
    type=click.IntRange(min=0, max=100),
    default=4,
    help="How often to try again when the connection fails; a second later, then two, four.",
)
@quiet_option
@json_option
def fetch(name: str, data: Path, quiet: bool, as_json: bool, **source: Any) -> None:
    """Download the data set NAME, and write it as ratings.csv, movies.csv and, if it has any, users.csv.

    A download that was cut goes on where it ended. An archive is checked by the MD5 sum beside it, where
    there is one, and is not needed afterwards. One that lies in the data folder under its own name, as
    ml-1m.zip, is used instead of a download.
    """
    # Other commands need no HTTP client, which takes a tenth of a second to import.
    from batch.fetch.download import Source  # noqa: PLC0415
    from batch.fetch.fetch import fetch as fetch_set  # noqa: PLC0415

    log_to_stderr()
    with Progress(quiet=quiet) as progress:
        fetched = fetch_set(name, data, Source(**source), progress)
    if as_json:
        _print_json(asdict(fetched))
    elif not quiet:
        click.echo(
            f"wrote the {name} data set to {data}: {fetched.ratings:,} ratings of {fetched.movies:,} films"
        )


@commands.command()
@option("output")
@json_option
def generations(output: Path, as_json: bool) -> None:
    """List what is published, newest first."""
    rows = list_of_generations.generations(Output(output))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if as_json:
        _print_json(rows)
    elif not rows:
        click.echo(f"{output}: no generation yet; 'python -m batch run' makes one")
    else:
        _print_table(Answer(columns, [tuple(row.get(name) for name in columns) for row in rows]))


@commands.command()
@click.argument("generation", required=False, metavar="[ID]")
@option("output")
@quiet_option
def rollback(generation: str | None, output: Path, quiet: bool) -> None:
    """Publish the generation before the current one again, or the one with that ID."""
    before, now = roll_back(Output(output), generation)
    if not quiet:
        click.echo(f"{now} is published (before: {before or 'nothing'})")


# A query may begin with a comment, which looks like an option.
@commands.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", required=False, metavar="[QUERY or NAME]")
@option("output")
@json_option
def sql(query: str | None, output: Path, as_json: bool) -> None:
    """Run a query on the published generation, or a saved one; without any, list the saved ones.

    A table on a terminal, CSV elsewhere.
    """
    if query is None:
        answer = Answer(["name", "returns"], list(saved_queries().items()))
    else:
        answer = run_query(Output(output).published(), query)
    if as_json:
        if len(set(answer.columns)) < len(answer.columns):
            raise UsageError("sql: two columns have one name; give them different ones by 'as'")
        _print_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    elif sys.stdout.isatty():
        _print_table(answer)
    else:
        rows = csv.writer(sys.stdout, lineterminator="\n")
        rows.writerow(answer.columns)
        rows.writerows(map(_text, row) for row in answer.rows)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(_finite(value), indent=2, ensure_ascii=False, default=str))


def _finite(value: Any) -> Any:
    """Return a value with null for NaN and infinity, which JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: Any) -> str:
    """Return a value as it stands in a table or in CSV: nothing for null, lists and maps as JSON."""
    if value is None:
        return ""
    return (
        json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (list, dict)) else str(value)
    )


def _print_table(answer: Answer) -> None:
    table = Table(*answer.columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in answer.rows:
        table.add_row(*(Text(_text(value)) for value in row))
    _print(table)


def _print(table: Table) -> None:
    console = Console()
    # A column that is cut short can't be copied from: a wide table may rather wrap.
    unlimited = console.options.update(max_width=10_000)
    console.width = max(console.width, console.measure(table, options=unlimited).maximum)
    console.print(table)


def main() -> None:
    """Run the command that the arguments name, and end with its exit status."""
    try:
        commands.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        _fail("stopped", 130)
    except BatchError as error:
        _fail(str(error), error.exit_status)
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; the interpreter must not flush to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except RuntimeError as error:
        # Ctrl-C inside a statement: DuckDB has no class of its own for it.
        if str(error) != "Query interrupted":
            raise
        _fail("stopped", 130)
    except _SYSTEM_FAULTS as error:
        _fail(_told(error), 1)


def _told(error: BaseException) -> str:
    """Return in one line what the system could not do, where, and what to do about it."""
    if isinstance(error, MemoryError):
        return f"memory ended ({error}); free some, or ask for shorter lists or vectors, and run again"
    if isinstance(error, OSError):
        # Of two files, it is the one that was to be made.
        named = error.filename2 or error.filename
        place = f"{named}: " if named else ""
        return f"{place}{error.strerror or error}; {_REMEDY}"
    reason = str(error).splitlines()[0]
    # What a thread of its own met, DuckDB says in JSON inside of the line.
    if wrapped := re.search(r'\{"exception_type":.*\}', reason):
        reason = json.loads(wrapped[0])["exception_message"]
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"{reason}; allow more by --memory-gb, or make room on the disk, and run again"
    return f"{reason}; {_REMEDY}"


def _fail(message: str, status: int) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    sys.exit(status)
