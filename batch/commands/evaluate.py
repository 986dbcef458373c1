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
    "Evaluate only by rolling cuts in time, or only by the last rating of each user; by default by both.",
    type=click.Choice(["last", "time"]),
)
@own_option(
    "cut",
    "Share of the ratings before the moment of a cut; of several, people are pooled. "
    "By default 20 cuts, from 0.5 to 0.975.",
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    multiple=True,
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
    from batch.evaluation.evaluate import Request, evaluate_folder, learn_items  # noqa: PLC0415
    from batch.evaluation.summary import evaluations_as_json, summary, tables, verdict  # noqa: PLC0415

    log_to_stderr()
    request = Request(**{each.name: values.pop(each.name) for each in fields(Request)})
    settings = Settings(**values)
    is_local = settings.engine == "local"
    learning = nullcontext(learn_items) if is_local else spark_module("evaluate").learning(settings)
    with Progress(quiet=quiet) as progress:
        evaluations = evaluate_folder(request, settings, progress, learning)
    if as_json:
        click.echo(json.dumps(finite(evaluations_as_json(evaluations))))
        return
    if is_terminal():
        print_verdict(*verdict(evaluations[0]))
    for place, evaluation in enumerate(evaluations):
        if place:
            click.echo()
        for line in summary(evaluation):
            click.echo(line)
        # What comes second is beside what leads: how accurate it is says enough.
        of_lists = request.protocol == "full"
        for table in tables(evaluation, of_lists=of_lists)[: 1 if place else None]:
            click.echo()
            print_whole(table, Console())
