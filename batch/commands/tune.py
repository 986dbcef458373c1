"""Tune: better options of the model."""

import json
from dataclasses import asdict
from typing import Any

import click

from batch.commands.options import FiniteRange, json_option, options, own_option, quiet_option
from batch.commands.printing import finite
from batch.runtime.progress import Progress, log_to_stderr
from batch.settings import MODEL_SETTINGS, Settings


@click.command()
@options("data", "max_rejected", *MODEL_SETTINGS)
@own_option(
    "minutes",
    "How long to search; the last trial is completed.",
    type=FiniteRange(0, 1e5, min_open=True),
    default=10.0,
)
@quiet_option
@json_option
def tune(minutes: float, quiet: bool, as_json: bool, **values: Any) -> None:
    """Search for better options of the model on your data, and print them as settings for run."""
    # What it needs takes more than a second to import, and the help of a command nothing.
    from batch.evaluation.tune import tune_folder  # noqa: PLC0415

    log_to_stderr()
    with Progress(quiet=quiet) as progress:
        tuned = tune_folder(Settings(**values), minutes * 60, progress)
    if as_json:
        click.echo(json.dumps(finite(asdict(tuned))))
        return
    if not quiet:
        for split, after in tuned.after.items():
            click.echo(f"ndcg@10 {split}: {tuned.before[split]:.4f} before, {after:.4f} after", err=True)
    for name, value in tuned.settings.items():
        click.echo(f"{name.upper()}={value}")
