"""Sql: queries on what is published."""

import csv
import sys
from pathlib import Path

import click

from batch.commands.options import json_option, option
from batch.commands.printing import print_json, print_table, text
from batch.errors import UsageError
from batch.output import Output
from batch.query import Answer, query as run_query, saved_queries


# A query may begin with a comment, which looks like an option.
@click.command(context_settings={"ignore_unknown_options": True})
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
        print_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    elif sys.stdout.isatty():
        print_table(answer)
    else:
        rows = csv.writer(sys.stdout, lineterminator="\n")
        rows.writerow(answer.columns)
        rows.writerows(map(text, row) for row in answer.rows)
