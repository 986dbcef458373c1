"""Evaluate: quality beside baselines."""

import json
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from batch.commands.engines import spark_module
from batch.commands.options import FiniteRange, json_option, options, own_option, quiet_option
from batch.commands.printing import finite, is_terminal, print_verdict
from batch.runtime.progress import Progress, log_to_stderr
from batch.runtime.tables import print_whole
from batch.settings import MODEL_SETTINGS, Settings


@click.command()
@options("data", "engine", "master", "max_rejected", *MODEL_SETTINGS)
@own_option(
    "split",
    "Hold out the last rating of each user, or all ratings after a moment.",
    type=click.Choice(["last", "time"]),
    default="last",
)
@own_option(
    "cut",
    "Share of the ratings before that moment; of several, the mean is taken.",
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    multiple=True,
    default=(0.7, 0.8, 0.9),
)
@own_option(
    "protocol",
    "Rank the whole catalogue, or the held-out movie among 99 others as in the NCF paper.",
    type=click.Choice(["full", "ncf"]),
    default="full",
)
@own_option(
    "negatives",
    "File with the 99 other movies for each user; by default they are random.",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@own_option(
    "max_users",
    "Evaluate a sample of this many users, if there are more.",
    type=click.IntRange(min=1),
    default=10_000,
)
@quiet_option
@json_option
def evaluate(quiet: bool, as_json: bool, **values: Any) -> None:
    """Evaluate the lists by later ratings, beside baselines; publish nothing."""
    # What it needs takes more than a second to import, and the help of a command nothing.
    from batch.evaluation.evaluate import Request, embedding, evaluate_folder  # noqa: PLC0415
    from batch.evaluation.summary import as_json as evaluation_as_json, summary, tables, verdict  # noqa: PLC0415

    log_to_stderr()
    request = Request(**{each.name: values.pop(each.name) for each in fields(Request)})
    settings = Settings(**values)
    is_local = settings.engine == "local"
    learning = nullcontext(embedding) if is_local else spark_module("evaluate").learning(settings)
    with Progress(quiet=quiet) as progress:
        evaluation = evaluate_folder(request, settings, progress, learning)
    if as_json:
        click.echo(json.dumps(finite(evaluation_as_json(evaluation))))
        return
    if is_terminal():
        print_verdict(*verdict(evaluation))
    for line in summary(evaluation):
        click.echo(line)
    for table in tables(evaluation, of_lists=request.protocol == "full"):
        click.echo()
        print_whole(table, Console())
