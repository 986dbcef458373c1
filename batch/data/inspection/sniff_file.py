"""Sniff: how a file is written, and a sample of its rows.

The sniffer of DuckDB is not asked: it knows no `::`, reads Latin-1 only by an option, takes a first row
of texts for a header, and gives up where a few lines are broken. All of these are usual in exports.
"""

import csv
import re
from collections import Counter
from pathlib import Path

from batch.data.input_spec import Files
from batch.data.inspection.column_roles import is_known_name
from batch.data.inspection.file_sample import (
    BLOCKS,
    MAX_ROWS,
    Sniffed,
    UnreadableError,
    cleaned,
    encoding_of,
    lines_of,
    read_pieces,
    spread,
)
from batch.data.inspection.typed_rows import sniff_json, sniff_parquet
from sql.ids import MISSING, SPACES

# Lines by which a separator is chosen.
MAX_LINES_COMPARED = 500
# A longer first line is no header of a table.
MAX_HEADER_LENGTH = 100_000
# In the order in which they are preferred; a blank only parts numbers.
SEPARATORS = ("::", "\t", ";", "|", ",", " ")
# A separator must part so many of the lines into the same number of values.
MIN_CONSISTENT = 0.8
JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
_NOT_TABLES = {
    b"PK\x03\x04": "is a zip archive or an Excel workbook; unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook; save the sheet as CSV",
    b"SQLite format 3": "is an SQLite database; export the table as CSV",
    b"%PDF": "is a PDF",
    b"BZh": "is compressed by bzip2; compress it by gzip or zstd, or not at all",
}
# Lines such as `1:` begin a block of the rows of an item, as in the files of the Netflix prize.
_BLOCK = re.compile(r"[^:,]+,.*")
_HAS_BLOCKS = (
    BLOCKS + ", each after a line with its item, such as 1:, and no column of items; write one by\n"
    """  awk 'BEGIN {{print "item,user,rating,date"}} /:\\r?$/ {{sub(/:.*/, ""); item = $0; next}} """
    """{{print item "," $0}}' '{name}' > ratings.csv"""
)
_NUMBER = re.compile(r"\s*[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?\s*")
_DATE = re.compile(r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})\b.*")


def sniff_file(path: Path, files: Files | None = None) -> Sniffed:
    """Look at a file; `files` says how it is written, if that is known.

    Raises UnreadableError if it is no table.
    """
    try:
        with path.open("rb") as stream:
            magic = stream.read(16)
    except OSError as error:
        raise UnreadableError(f"can't be read ({error.strerror or error})") from None
    if not magic:
        raise UnreadableError("is empty; check how it was exported")
    reason = next((text for start, text in _NOT_TABLES.items() if magic.startswith(start)), "")
    if reason:
        raise UnreadableError(reason)
    if magic.startswith(b"PAR1"):
        return sniff_parquet(path)
    if path.suffix.lower() == ".parquet":
        raise UnreadableError("is no Parquet, in spite of its name; export it again")
    pieces, is_whole = read_pieces(path, magic)
    return _sniff_text(path, pieces, files, is_whole=is_whole)


def _sniff_text(path: Path, pieces: list[bytes], files: Files | None, *, is_whole: bool) -> Sniffed:
    encoding, doubts = (files.encoding, ()) if files else encoding_of(b"".join(pieces))
    lines = list(lines_of(pieces, encoding, is_whole=is_whole))
    if not lines:
        raise UnreadableError("has no rows; check how it was exported")
    endings = {each.lower() for each in path.suffixes[-2:]}
    is_json = bool(endings.intersection(JSON_ENDINGS)) or lines[0].startswith(("{", "[{"))
    if (files.format == "json") if files and files.format else is_json:
        return sniff_json(path, lines, encoding, is_whole=is_whole)
    if len(lines[0]) > MAX_HEADER_LENGTH:
        raise UnreadableError("has a first line that is too long for a table")
    if re.fullmatch(r"\w+:", lines[0].strip()) and any(map(_BLOCK.fullmatch, lines[1:MAX_LINES_COMPARED])):
        raise UnreadableError(_HAS_BLOCKS.format(name=path.name))
    separator, quote = (files.separator, files.quote) if files else _separator_of(lines[:MAX_LINES_COMPARED])
    parsed = [_fields(line, separator, quote) for line in spread(lines)]
    header = files.header if files else _has_header(parsed)
    # The width is that of the header, or of most rows.
    width = len(parsed[0]) if header else _width_of(parsed)
    rows = [row for row in parsed[header:] if len(row) == width]
    return Sniffed(
        path,
        "csv",
        tuple(name.strip() for name in parsed[0]) if header else ("",) * width,
        [[cleaned(value) for value in row] for row in rows],
        is_whole=is_whole and len(lines) <= MAX_ROWS,
        encoding=encoding,
        separator=separator,
        quote=quote,
        header=header,
        odd_lines=len(parsed) - len(rows) - header,
        doubts=doubts,
    )


def _width_of(parsed: list[list[str]]) -> int:
    return max(Counter(map(len, parsed)).items(), key=lambda each: (each[1], each[0]))[0]


def _has_header(parsed: list[list[str]]) -> bool:
    first, width = parsed[0], _width_of(parsed)
    body = [row for row in parsed[1:] if len(row) == width]
    return len(first) != width or _is_header(first, body[:1000])


def _fields(line: str, separator: str, quote: str) -> list[str]:
    if not quote or quote not in line or len(separator) > 1:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator, quotechar=quote))
    except (csv.Error, StopIteration):
        return []


def _separator_of(lines: list[str]) -> tuple[str, str]:
    """Return separator and quote: what parts most lines into the same number of values, as many as it can."""
    best, chosen = 1, (",", '"')
    for separator in SEPARATORS:
        quote = _quote_of(lines, separator)
        parsed = [_fields(line, separator, quote) for line in lines]
        width, number = Counter(map(len, parsed)).most_common(1)[0]
        if number < MIN_CONSISTENT * len(lines) or width <= best:
            continue
        if separator == " " and not _are_numbers(parsed, width):
            continue
        # The first line tells a header that is not parted from rows that happen to be.
        if len(parsed[0]) == width or len(lines) == 1 or number > 0.95 * len(lines) > 10:  # noqa: PLR2004
            if len(parsed[0]) != width and len(parsed[0]) == 1:
                continue
            best, chosen = width, (separator, quote)
    return chosen


def _are_numbers(parsed: list[list[str]], width: int) -> bool:
    values = [value for row in parsed[1:] if len(row) == width for value in row]
    return width > 2 and all(map(_NUMBER.fullmatch, values))  # noqa: PLR2004 (two words are a name)


def _quote_of(lines: list[str], separator: str) -> str:
    """Return what stands around values; "" if the quotes in the lines stand for themselves."""
    if len(separator) > 1:
        return '"'  # which is the default, and is not looked for
    quoted = stray = 0
    for line in lines:
        if '"' not in line:
            continue
        for value in line.split(separator):
            if value.startswith('"') and value.endswith('"') and len(value) > 1:
                quoted += 1
            elif value.count('"') % 2 or ('"' in value and not value.startswith('"')):
                stray += 1
    # A quoted value in which the separator stands looks like two strays.
    return "" if stray and not quoted and separator != "," else '"'


def _is_header(first: list[str], body: list[list[str]]) -> bool:
    """Return whether the first line has names: words that are known, or texts above numbers."""
    cells = [cell.strip() for cell in first]
    if len(set(cells)) < len(cells) - 1:
        # A name may be there twice, which is a fault of a header, but values are more often the same.
        return sum(map(is_known_name, cells)) > 1
    if any(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell) for cell in cells if cell):
        return False
    if any(map(is_known_name, cells)):
        return True
    below = [[row[place] for row in body] for place in range(len(cells))] if body else []
    if any(_looks_numeric(values) for values in below):
        return True
    seen = any(cell and cell in values for cell, values in zip(cells, below, strict=False))
    return not seen and all(re.fullmatch(r"[^\W\d][\w .\-/()]{0,40}", cell) for cell in cells if cell)


def _looks_numeric(values: list[str]) -> bool:
    given = [value for value in values if value.strip(SPACES) not in MISSING]
    numbers = sum(1 for value in given if _NUMBER.fullmatch(value) or _DATE.fullmatch(value))
    return bool(given) and numbers > 0.8 * len(given)
