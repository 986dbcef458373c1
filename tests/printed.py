"""Tables as they are printed, read back: the line below the heads tells where each column is."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rich.cells import split_graphemes

from batch.runtime.tables import INDENT, INSIDE_A_WORD

ESCAPE = re.compile(r"\x1b\[[\d;?]*[a-zA-Z]")


@dataclass(frozen=True)
class Printed:
    """What a table shows: names of its columns, rows, and the columns that it names as left out."""

    columns: list[str]
    rows: list[list[str]]
    left_out: list[str]


def read_back(shown: str, numbers: Collection[str] = ()) -> Printed:
    """Return the table in what a terminal shows, of which these columns are numbers, and stand at the right.

    Raises ValueError if there is not exactly one table.
    """
    lines = ESCAPE.sub("", shown).replace("\r", "").splitlines()
    (line,) = [place for place, each in enumerate(lines) if re.fullmatch("─[─ ]*", each)]
    columns = [found.span() for found in re.finditer("─+", lines[line])]
    last = next((place for place, each in enumerate(lines) if re.match(r"\d+ more ", each)), None)
    note = " ".join(" ".join(lines[last:]).split()) if last is not None else ""
    (head,) = _rows(lines[:line], columns, [True] * len(columns))
    folds = [name not in numbers for name in head]
    left_out = re.fullmatch(r"\d+ more columns?: (.*); widen the terminal, or use --json", note)
    return Printed(
        columns=head,
        rows=list(_rows(lines[line + 1 : last], columns, folds)),
        left_out=left_out[1].split(", ") if left_out else [],
    )


def _rows(lines: list[str], columns: list[tuple[int, int]], folds: list[bool]) -> Iterator[list[str]]:
    """Yield the cells of each row; a line of blank or indented cells goes on with the row before."""
    row: list[str] = []
    for line in lines:
        places = _places(line)
        cells = ["".join(places[start:end]).rstrip(" \u200e") for start, end in columns]
        if row and all(
            not cell or (may_fold and cell.startswith((INDENT, INSIDE_A_WORD)))
            for cell, may_fold in zip(cells, folds, strict=True)
        ):
            row = [_joined(before, cell) for before, cell in zip(row, cells, strict=True)]
        else:
            if row:
                yield [" ".join(cell.split()) for cell in row]
            row = cells
    if row:
        yield [" ".join(cell.split()) for cell in row]


def _joined(before: str, cell: str) -> str:
    if not cell:
        return before
    return f"{before}{'' if cell.startswith(INSIDE_A_WORD) else ' '}{cell[len(INDENT) :]}"


def _places(line: str) -> list[str]:
    """Return what stands in each cell of a line; nothing in the second one of a wide character."""
    places: list[str] = []
    for start, end, width in split_graphemes(line)[0]:
        if width:
            places += [line[start:end], *[""] * (width - 1)]
        else:
            places[-1] += line[start:end]
    return places
