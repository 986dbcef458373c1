"""Report: what the faults led to, as Markdown.

A test hands over a row by the fixture `recorded`: the name of a table, and a cell for each of its columns.
Rows that have the same text are one row, whose numbers are added up.
"""

import os
import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.machine import machine

Cell = str | int


@dataclass(frozen=True)
class Table:
    """One kind of result: its section, what it says, and its columns."""

    section: str
    about: str
    columns: tuple[str, ...]
    order: tuple[str, ...] = ()  # of the first column; what is not in it follows, in the order of the tests
    is_summed: bool = False  # a last row has the sums


STEPS = (
    *("compare", "load", "clean", "train", "score", "explain", "similar", "evaluate"),
    *("write", "check", "publish"),
    "end: what is no longer kept is removed",
)

# A section for each half; tables and sections come out in this order.
TABLES = {
    "job_killed": Table(
        "The job",
        "`kill -9` at random moments, by the step that was killed. Afterwards the previous or the new "
        "generation was published, complete. The next run ended with 0 and left no other files.",
        ("step", "kills", "the one before", "the new one"),
        STEPS,
        is_summed=True,
    ),
    "rollback_killed": Table(
        "The job",
        "`kill -9` at random moments of `rollback`, and after each step of `forget`. The command was "
        "repeated, and did what it was asked for.",
        ("command", "kills", "the one before", "the one asked for"),
    ),
    "job_faults": Table(
        "The job",
        "Other faults. After each fault, the published generation is complete. The next run that can work "
        "publishes, and leaves no other files. `output` and `data` stand for the folders.",
        ("fault", "times", "exit status", "published", "what it printed"),
    ),
    "service_switched": Table(
        "The service",
        "Requests during switches between three generations, while other clients hang up before they are "
        "answered. Each answer is compared with SQL on the generation that it names.",
        ("clients", "requests", "switches", "answers that differ or failed"),
    ),
    "service_faults": Table(
        "The service",
        "Files that change while they are served, and requests that take long. The service answered all "
        "the time, and needed no restart.",
        ("fault", "times", "what was answered"),
    ),
    "service_leaks": Table(
        "The service",
        "Open files and memory of a process, after a fifth of the switches and after all of them.",
        ("switches", "open files", "MiB of memory"),
    ),
    "service_ended": Table(
        "The service",
        "Requests until the service ends by SIGTERM, from clients that keep their connection, and from "
        "clients that open one for each request until they are refused. A request is lost if its "
        "connection was accepted and it got no complete answer.",
        ("workers", "clients", "requests", "lost"),
    ),
    "service_fuzzed": Table(
        "The service",
        "Random requests: no 500, one form of errors, no traceback.",
        ("what was made up", "requests", "answers by status"),
    ),
}


@dataclass(frozen=True)
class Record:
    """A row of one table, and the test that it comes from."""

    table: str
    cells: tuple[Cell, ...]
    place: tuple[str, int, str]  # file, line and name of the test


def markdown(records: Iterable[Record]) -> str:
    """Return a page with every table that has rows."""
    now = datetime.now(UTC)
    lines = [
        "# Reliability",
        "",
        "After this page you know what stays published after each tested fault, and what the commands print.",
        "",
        (
            f"Written by `make soak` on {now.day} {now:%B %Y}: {machine()}, {_memory_gb()} GB of memory, "
            f"{platform.system()}."
        ),
        "The tests are in `tests/faults/`; `make test-faults` runs a short form of them.",
    ]
    by_table: dict[str, list[Record]] = {name: [] for name in TABLES}
    for record in sorted(records, key=lambda record: record.place):
        by_table[record.table].append(record)
    section = None
    for name, found in by_table.items():
        table = TABLES[name]
        if found and table.section != section:
            section = table.section
            lines += ["", f"## {section}"]
        if found:
            lines += ["", table.about, "", *_lines(table, _rows(table, found))]
    return "\n".join(lines) + "\n"


def _rows(table: Table, records: Iterable[Record]) -> list[list[Cell]]:
    rows: dict[tuple[str, ...], list[Cell]] = {}
    for record in records:
        assert len(record.cells) == len(table.columns), record
        texts = tuple(cell for cell in record.cells if isinstance(cell, str))
        before = rows.get(texts)
        rows[texts] = (
            list(record.cells)
            if before is None
            else [
                old + new if isinstance(old, int) and isinstance(new, int) else new
                for old, new in zip(before, record.cells, strict=True)
            ]
        )
    # Sorting keeps the order of those that are alike.
    found = sorted(rows.values(), key=lambda row: _place(table, row))
    if table.is_summed:
        numbers = [[row[column] for row in found] for column in range(1, len(table.columns))]
        found.append(["all", *(sum(cell for cell in cells if isinstance(cell, int)) for cells in numbers)])
    return found


def _place(table: Table, row: list[Cell]) -> int:
    return table.order.index(str(row[0])) if row[0] in table.order else len(table.order)


def _lines(table: Table, rows: list[list[Cell]]) -> list[str]:
    whole: list[list[Cell]] = [[*table.columns], ["---"] * len(table.columns), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in whole]


def _cell(cell: Cell) -> str:
    return f"{cell:,}" if isinstance(cell, int) else re.sub(r"([|<>])", r"\\\1", cell)


def _memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)
