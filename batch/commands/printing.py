"""Printing: answers as JSON, as a table, or as text in CSV; on a terminal, first what matters, in colour."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch.generation.query import Answer
from batch.runtime.tables import Cell, bare_table, fit, print_whole

# Decimals of a float; a smaller one has an exponent.
MAX_DECIMALS = 4
# A float from this size on has no meaningful decimals, and shows as Python writes it.
MAX_WITH_DECIMALS = 1e15


def print_json(value: Any) -> None:
    """Print a value for machines."""
    click.echo(json.dumps(finite(value), indent=2, ensure_ascii=False, default=str))


def finite(value: Any) -> Any:
    """Return a value as JSON knows it: null for NaN and infinity, and keys as text."""
    if isinstance(value, dict):
        return {str(key): finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def text(value: Any) -> str:
    """Return a value as it stands in CSV, exactly: nothing for null, lists and maps as JSON."""
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        return json.dumps(finite(value), ensure_ascii=False, default=str)
    return str(value)


def shown(value: Any, decimals: int | None = None) -> str:
    """Return a value as it stands in a table: floats rounded, lists as `A, B`, maps as `key=value`.

    A list or map inside another is in brackets. A column of floats has as many decimals as its longest one.
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return _rounded(value, _decimals([value]) if decimals is None else decimals)
    if isinstance(value, list):
        return ", ".join(map(_inside, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}={_inside(each)}" for key, each in value.items())
    return str(value)


def _inside(value: Any) -> str:
    """Return a value of a list or map, where a blank would say nothing."""
    if value is None:
        return "null"
    return f"[{shown(value)}]" if isinstance(value, (list, dict)) else shown(value)


def _decimals(values: Iterable[Any]) -> int:
    """Return how many decimals are enough for all floats of a column, if each is rounded to four."""
    floats = (abs(value) for value in values if isinstance(value, float) and math.isfinite(value))
    return max((len(f"{each:.{MAX_DECIMALS}f}".rstrip("0").partition(".")[2]) for each in floats), default=1)


def _rounded(value: float, decimals: int) -> str:
    if not math.isfinite(value) or abs(value) >= MAX_WITH_DECIMALS:
        return str(value)
    if 0 < abs(value) < 10**-MAX_DECIMALS:
        return f"{value:.2e}"
    return f"{value:.{max(decimals, 1)}f}"


def is_terminal() -> bool:
    """Return whether a person reads standard output."""
    return Console().is_terminal


def print_verdict(verdict: str, colour: str, facts: Sequence[tuple[str, str]] = ()) -> None:
    """Print what a person wants to know first, in colour, and below it facts by name, in two columns."""
    console = Console(highlight=False)
    console.print(Cell(verdict), style=f"bold {colour}")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for name, value in facts:
        grid.add_row(Text(name), Cell(value))
    console.print(grid)


def print_table(answer: Answer, style_of: Callable[[dict[str, Any]], str] = lambda _: "") -> None:
    """Print rows for people, numbers below each other; `style_of` gives a row its style on a terminal.

    A single row with more columns than fit beside each other has them below each other.
    """
    console = Console()
    if len(answer.rows) == 1 and console.is_terminal and fit(_table(answer, style_of), console):
        values = map(shown, answer.rows[0])
        answer = Answer(["column", "value"], [*zip(answer.columns, values, strict=True)])
        print_whole(_table(answer, lambda _: ""), console)
    else:
        print_whole(_table(answer, style_of), console)


def _table(answer: Answer, style_of: Callable[[dict[str, Any]], str]) -> Table:
    """Return a table with a line below the head; only columns of texts fold, and no ids."""
    table = bare_table()
    decimals = []
    for place, name in enumerate(answer.columns):
        values = [row[place] for row in answer.rows if row[place] is not None]
        folds = any(isinstance(value, (str, list, dict)) for value in values)
        is_number = bool(values) and all(
            isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) for value in values
        )
        table.add_column(
            Cell(name), justify="right" if is_number else "left", no_wrap=not folds or _is_id(name)
        )
        decimals.append(_decimals(values))
    for row in answer.rows:
        style = style_of(dict(zip(answer.columns, row, strict=True)))
        table.add_row(*(Cell(shown(*each)) for each in zip(row, decimals, strict=True)), style=style)
    return table


def _is_id(column: str) -> bool:
    return column == "id" or column.endswith("_id")
