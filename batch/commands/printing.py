"""Printing: answers as JSON, as a table, or as text in CSV; on a terminal, first what matters, in colour."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch.query import Answer
from batch.tables import bare_table


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


def is_terminal() -> bool:
    """Return whether a person reads standard output."""
    return Console().is_terminal


def print_verdict(verdict: str, colour: str, facts: Sequence[tuple[str, str]] = ()) -> None:
    """Print what a person wants to know first, in colour, and below it facts by name, in two columns."""
    console = Console(highlight=False)
    console.print(Text(verdict, style=f"bold {colour}"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts:
        grid.add_row(Text(name), Text(value))
    console.print(grid)


def print_table(
    answer: Answer, style_of: Callable[[dict[str, Any]], str] = lambda _: "", folding: str | None = None
) -> None:
    """Print rows for people, numbers below each other; `style_of` gives a row its style on a terminal.

    The column `folding` takes several lines where a terminal is too narrow for one.
    """
    table = bare_table()
    for place, name in enumerate(answer.columns):
        values = [row[place] for row in answer.rows if row[place] is not None]
        is_number = values and all(isinstance(value, (int, float)) for value in values)
        table.add_column(
            Text(name), justify="right" if is_number else "left", overflow="fold", no_wrap=name != folding
        )
    for row in answer.rows:
        style = style_of(dict(zip(answer.columns, row, strict=True)))
        table.add_row(*(Text(text(value)) for value in row), style=style)
    print_whole(table)


def print_whole(table: Table) -> None:
    """Print a table with no column cut short, however narrow the terminal is."""
    console = Console()
    # A column that is cut short can't be copied from: a wide table may rather wrap.
    needed = console.measure(table, options=console.options.update(max_width=10_000))
    console.width = max(console.width, needed.minimum if console.is_terminal else needed.maximum)
    console.print(table)
