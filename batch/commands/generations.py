"""Generations: what is published."""

from pathlib import Path
from typing import Any

import click

from batch.commands.options import json_option, option
from batch.commands.printing import is_terminal, print_json, print_table, print_verdict
from batch.generation import reader as list_of_generations
from batch.generation.output_folder import Output
from batch.generation.query import Answer

# What a person wants to know, within the first 80 columns of a terminal; the rest follows.
FIRST = ("generation", "state", "users", "rows_kept", "rows_rejected", "ndcg_10")


@click.command()
@option("output")
@json_option
def generations(output: Path, as_json: bool) -> None:
    """List the kept generations, newest first.

    A terminal shows as many columns as fit, the main ones first.
    """
    rows = list_of_generations.generations(Output(output))
    names = dict.fromkeys(name for row in rows for name in row)
    columns = sorted(names, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo(f"{output}: no generation yet; 'python -m batch run' makes one")
    else:
        if is_terminal():
            print_verdict(*_verdict(rows))
        print_table(Answer(columns, [tuple(row.get(name) for name in columns) for row in rows]), _style)


def _verdict(rows: list[dict[str, Any]]) -> tuple[str, str]:
    """Return what is published, in a sentence, and its colour."""
    published = next((row for row in rows if row["state"].startswith("published")), None)
    if published is None:
        return "no generation is published: go to one by 'python -m batch rollback ID'", "red"
    if published["state"] != "published":
        return f"{published['generation']} is published, and damaged: go to another by rollback", "red"
    return f"{published['generation']} is published, one of {len(rows):,}", "green"


def _style(row: dict[str, Any]) -> str:
    if "damaged" in row["state"]:
        return "red"
    return {"published": "bold green", "rolled back": "dim"}.get(row["state"], "")
