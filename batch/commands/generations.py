"""Generations: what is published."""

from pathlib import Path

import click

from batch import generations as list_of_generations
from batch.commands.options import json_option, option
from batch.commands.printing import print_json, print_table
from batch.output import Output
from batch.query import Answer


@click.command()
@option("output")
@json_option
def generations(output: Path, as_json: bool) -> None:
    """List what is published, newest first."""
    rows = list_of_generations.generations(Output(output))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo(f"{output}: no generation yet; 'python -m batch run' makes one")
    else:
        print_table(Answer(columns, [tuple(row.get(name) for name in columns) for row in rows]))
