"""Sql: queries on what is published."""

import csv
import re
import sys
from pathlib import Path

import click

from batch.commands.options import json_option, option, own_option
from batch.commands.printing import print_json, print_table, text
from batch.errors import UsageError
from batch.generation.output_folder import Output
from batch.generation.query import Answer, query as run_query, saved_queries
from batch.generation.rollback import before as generation_before


# A query may begin with a comment, which looks like an option.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", required=False, metavar="[QUERY or NAME]")
@click.argument("values", nargs=-1, metavar="[PARAMETER=VALUE]...")
@own_option("generation", "Query this generation instead of the published one.", metavar="ID")
@option("output")
@json_option
def sql(
    query: str | None, values: tuple[str, ...], generation: str | None, output: Path, as_json: bool
) -> None:
    """Run a query or a saved query on the published generation; without one, list the saved queries.

    Prints a table on a terminal, and CSV elsewhere. $title in a query takes the value of title=VALUE, as
    text. The tables of the generation before are available as before.recommendations and so on.
    """
    if query is None:
        answer = Answer(["name", "question"], list(saved_queries().items()))
    else:
        published = Output(output)
        file = published.existing(generation)
        answer = run_query(file, query, _by_name(values), _before(published, file))
    if as_json:
        if len(set(answer.columns)) < len(answer.columns):
            raise UsageError("sql: two columns have one name; give them different ones by 'as'")
        print_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    elif sys.stdout.isatty():
        print_table(answer)
    else:
        rows = csv.writer(sys.stdout, lineterminator="\n")
        rows.writerow(answer.columns)
        rows.writerows(map(text, row) for row in answer.rows)


def _by_name(values: tuple[str, ...]) -> dict[str, str]:
    """Return values by the names of their parameters. Raises UsageError if one is no name and value."""
    for value in values:
        if not re.match(r"\w+=", value):
            raise UsageError(
                f"sql: {value!r} is no PARAMETER=VALUE; a query is one argument, put it in quotes"
            )
    return dict(value.split("=", 1) for value in values)


def _before(output: Output, file: Path) -> Path | None:
    try:
        return output.existing(generation_before(output, file.stem))
    except UsageError:
        return None
