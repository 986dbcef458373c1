"""Rollback: a step back, or to a generation."""

from pathlib import Path

import click

from batch.commands.options import option, quiet_option
from batch.generation.output_folder import Output
from batch.generation.rollback import rollback as roll_back


@click.command()
@click.argument("generation", required=False, metavar="[ID]")
@option("output")
@quiet_option
def rollback(generation: str | None, output: Path, quiet: bool) -> None:
    """Publish the generation before the current one again, or the generation ID."""
    before, now = roll_back(Output(output), generation)
    if not quiet:
        click.echo(f"{now} is published (before: {before or 'nothing'})")
