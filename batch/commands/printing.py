"""Printing: answers as JSON, as a table, or as text in CSV."""

import json
import math
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch.query import Answer


def print_json(value: Any) -> None:
    """Print a value for machines."""
    click.echo(json.dumps(finite(value), indent=2, ensure_ascii=False, default=str))


def finite(value: Any) -> Any:
    """Return a value with null for NaN and infinity, which JSON does not know."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def text(value: Any) -> str:
    """Return a value as it stands in a table or in CSV: nothing for null, lists and maps as JSON."""
    if value is None:
        return ""
    return (
        json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (list, dict)) else str(value)
    )


def print_table(answer: Answer) -> None:
    """Print rows for people."""
    table = Table(*answer.columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in answer.rows:
        table.add_row(*(Text(text(value)) for value in row))
    print_whole(table)


def print_whole(table: Table) -> None:
    """Print a table with no column cut short, however narrow the terminal is."""
    console = Console()
    # A column that is cut short can't be copied from: a wide table may rather wrap.
    unlimited = console.options.update(max_width=10_000)
    console.width = max(console.width, console.measure(table, options=unlimited).maximum)
    console.print(table)
