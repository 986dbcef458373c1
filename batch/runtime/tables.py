"""Tables: how all of them look, and how they fit on a terminal without a value that is cut.

A table that is too wide first folds its texts between words. Numbers, ids and whatever else is in a column
that does not fold stay on one line. If that is not enough, columns are left out from the right, and named.
"""

import unicodedata
from typing import Literal

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.containers import Lines
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

# A column of text is made no narrower, in cells of the terminal.
MIN_TEXT_WIDTH = 16
# The lines of a folded value after its first: one broken at a space, and one broken inside a word.
INDENT, INSIDE_A_WORD, INSIDE_A_WORD_IN_ASCII = "  ", "↳ ", "> "
# Spaces of other scripts, and what joins letters and emoji, show as they are though they are not printable.
_SHOWN = {"\u200c", "\u200d"}
_LEFT_TO_RIGHT_MARK = "\u200e"
_UNBOUNDED = 2**31
# A line below each head, with a gap between columns: it shows which lines and places are of which column.
_LINE_BELOW_HEADS = Box("    \n    \n ─  \n    \n    \n    \n    \n    \n")


class Cell(Text):
    """A text whose further lines are indented, so that none of them looks like another value.

    Control characters are shown as escape sequences of Python, and so can't act on the terminal.
    """

    def __init__(self, text: str) -> None:
        """Take any text."""
        super().__init__(escaped(text))

    def wrap(  # noqa: PLR0913 (the signature is rich's)
        self,
        console: Console,
        width: int,
        *,
        justify: Literal["default", "left", "center", "right", "full"] | None = None,
        overflow: Literal["fold", "crop", "ellipsis", "ignore"] | None = None,  # noqa: ARG002 (the same)
        tab_size: int = 8,
        no_wrap: bool | None = None,  # noqa: ARG002 (the same)
    ) -> Lines:
        """Return the lines; all of the text is in them, whatever the column says."""
        lines = super().wrap(
            console, width, justify=justify, overflow="fold", tab_size=tab_size, no_wrap=False
        )
        if len(lines) > 1:
            narrower = super().wrap(console, max(width - len(INDENT), 2), overflow="fold", no_wrap=False)
            mark = INSIDE_A_WORD_IN_ASCII if console.options.ascii_only else INSIDE_A_WORD
            lines = Lines(map(Text, _indented(self.plain, [line.plain.strip() for line in narrower], mark)))
        if console.is_terminal:
            for line in lines:
                # Else a terminal that knows of both directions would swap the columns on both sides.
                if any(unicodedata.bidirectional(character) in {"R", "AL"} for character in line.plain):
                    line.append(_LEFT_TO_RIGHT_MARK)
        return lines


def escaped(text: str) -> str:
    r"""Return a text with control characters, space at its ends and marks at its start as in \x1b or \x20."""
    if text.isprintable() and text == text.strip() and (not text or cell_len(text[0])):
        return text
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    # A mark is drawn over the character before it, which is of another column.
    while start < end and not cell_len(text[start]):
        start += 1
    return "".join(
        each if start <= place < end and _is_shown(each) else _escape(each) for place, each in enumerate(text)
    )


def bare_table(title: str | None = None) -> Table:
    """Return a table without columns yet: a line below the head, as narrow as it can be."""
    return Table(
        title=title,
        title_justify="left",
        box=_LINE_BELOW_HEADS,
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
    )


def print_whole(table: Table, console: Console) -> None:
    """Print a table with no value cut: on a terminal as wide as that is, elsewhere as wide as it must be."""
    options = console.options.update(max_width=_UNBOUNDED)
    if not console.is_terminal:
        console.width = Measurement.get(console, options, table).maximum
    left_out = fit(table, console)
    console.print(table)
    if left_out:
        columns = "1 more column" if len(left_out) == 1 else f"{len(left_out)} more columns"
        console.print(
            Cell(f"{columns}: {', '.join(left_out)}; widen the terminal, or use --json"), style="italic"
        )


def fit(table: Table, console: Console) -> list[str]:
    """Give each column a width, so that the table fits on the console; return the names of those left out."""
    options = console.options.update(max_width=_UNBOUNDED)
    measured = [_measure(column, console, options) for column in table.columns]
    for column, (least, _) in zip(table.columns, measured, strict=True):
        column.width = least
    left_out: list[str] = []
    while len(table.columns) > 1 and Measurement.get(console, options, table).maximum > console.width:
        left_out.insert(0, str(table.columns.pop().header))
    shown = measured[: len(table.columns)]
    between = Measurement.get(console, options, table).maximum - sum(least for least, _ in shown)
    for column, width in zip(table.columns, _widths(shown, console.width - between), strict=True):
        column.width = width
    return left_out


def _measure(column: Column, console: Console, options: ConsoleOptions) -> tuple[int, int]:
    """Return how wide a column must be, and how wide it would be."""
    cells = [Measurement.get(console, options, cell) for cell in (column.header, *column.cells)]
    longest_word, widest = (max(widths) for widths in zip(*cells, strict=True))
    half = console.width // 2
    if column.no_wrap:
        # What leaves no room for anything else must fold all the same.
        return (widest if 4 * widest <= 3 * console.width else half), widest
    return min(widest, max(MIN_TEXT_WIDTH, min(longest_word, half))), widest


def _widths(measured: list[tuple[int, int]], room: int) -> list[int]:
    """Return widths that take no more than the room: the widest columns give way, down to their least."""
    widths = [min(widest, max(room, 1)) for _, widest in measured]
    while sum(widths) > room:
        folding = [place for place, (least, _) in enumerate(measured) if widths[place] > least]
        if not folding:
            break
        widths[max(folding, key=widths.__getitem__)] -= 1
    return widths


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in _SHOWN or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return r"\x20" if character == " " else character.encode("unicode_escape").decode()


def _indented(text: str, pieces: list[str], mark: str) -> list[str]:
    """Return the pieces of a text; before each but the first stands whether a space was there, or none."""
    lines, end = [], 0
    for piece in pieces:
        start = text.index(piece, end)
        lines.append((INDENT if start > end else mark) + piece)
        end = start + len(piece)
    return [pieces[0], *lines[1:]]
