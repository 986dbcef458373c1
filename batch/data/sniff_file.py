"""Sniff: how a file is written, and a sample of its rows, from its beginning and a few places further on.

The sniffer of DuckDB is not asked: it knows no `::`, reads Latin-1 only if it is told so, takes a first row of
texts for a header, and gives up where a few lines are broken. All of these are usual in exports.
"""

import csv
import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal, cast

import duckdb
import zstandard

from batch.data.column_roles import is_known_name
from sql.ids import MISSING, SPACES

# Bytes that are read at the beginning of a file, and at each of so many places further on.
HEAD_BYTES = 1 << 20
CHUNK_BYTES = 1 << 17
CHUNKS = 3
# Rows that are looked at, spread over what was read; and lines by which a separator is chosen.
MAX_ROWS = 20_000
MAX_LINES_COMPARED = 500
# A longer first line is no header of a table.
MAX_HEADER_LENGTH = 100_000
# In the order in which they are preferred; a blank only parts numbers.
SEPARATORS = ("::", "\t", ";", "|", ",", " ")
# A separator must part so many of the lines into the same number of values.
MIN_CONSISTENT = 0.8
JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
COMPRESSED_ENDINGS = (".gz", ".zst")
_MAGIC = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}
# Types of Parquet: lists of texts, and what else is no plain value.
_TEXTS = (duckdb.list_type("varchar"),)
_NESTED = ("list", "array", "struct", "map", "union", "blob")
_UNGLOBBED = re.compile(r"([\[\]*?])")
_NOT_TABLES = {
    b"PK\x03\x04": "is a zip archive or an Excel workbook; unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook; save the sheet as CSV",
    b"SQLite format 3": "is an SQLite database; export the table as CSV",
    b"%PDF": "is a PDF",
    b"BZh": "is compressed by bzip2; compress it by gzip or zstd, or not at all",
}
_NUMBER = re.compile(r"\s*[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?\s*")
_DATE = re.compile(r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})\b.*")
# Letters of Latin-1 that words have, beside another letter; þ and ÿ are more often broken bytes.
_LATIN_LETTERS = re.compile(rb"(?<=[A-Za-z])[\xc0-\xfd]|[\xc0-\xfd](?=[A-Za-z])")
_HIGH = re.compile(rb"[\x80-\xff]")


class UnreadableError(Exception):
    """A file is no table that can be read; says why."""


@dataclass(frozen=True)
class Sniffed:
    """How a file is written, and a sample of its rows as texts; None is a missing value."""

    path: Path
    format: Literal["csv", "json", "parquet"]
    names: tuple[str, ...]  # of columns; "" for a name that is missing
    rows: list[list[str | None]] = field(repr=False)
    is_whole: bool  # whether all rows are in the sample
    encoding: str = "utf-8"
    separator: str = ","
    quote: str = '"'
    header: bool = True
    odd_lines: int = 0  # of the sample: with another number of values, or bytes that are no text
    nested: frozenset[int] = frozenset()  # columns of objects, which mean nothing to us
    lists: frozenset[int] = frozenset()  # columns of lists, joined by | in the sample
    doubts: tuple[str, ...] = ()  # about encoding or format, each with its remedy

    def reference(self, place: int) -> str | int:
        """Return how a column is called: by its name, or from 1 by its position."""
        return self.names[place] if self.header and self.names[place] else place + 1

    def values(self, place: int) -> list[str | None]:
        """Return the values of a column in the sample."""
        return [row[place] for row in self.rows]


def sniff_file(path: Path) -> Sniffed:
    """Look at a file. Raises UnreadableError if it is no table."""
    try:
        with path.open("rb") as stream:
            magic = stream.read(16)
    except OSError as error:
        raise UnreadableError(f"can't be read ({error.strerror or error})") from None
    if not magic:
        raise UnreadableError("is empty")
    reason = next((text for start, text in _NOT_TABLES.items() if magic.startswith(start)), "")
    if reason:
        raise UnreadableError(reason)
    if magic.startswith(b"PAR1"):
        return _sniff_parquet(path)
    if path.suffix.lower() == ".parquet":
        raise UnreadableError("is no Parquet, in spite of its name; export it again")
    pieces, is_whole = _read(path, magic)
    return _sniff_text(path, pieces, is_whole=is_whole)


def _read(path: Path, magic: bytes) -> tuple[list[bytes], bool]:
    """Return pieces of what is in a file, uncompressed, and whether they are all of it."""
    compressed = next((ending for start, ending in _MAGIC.items() if magic.startswith(start)), "")
    ending = path.suffix.lower()
    if compressed and ending != compressed:
        raise UnreadableError(f"is compressed; give it a name that ends with {compressed}")
    if ending in COMPRESSED_ENDINGS and not compressed:
        raise UnreadableError(f"is not compressed, in spite of its name; remove {ending} from it")
    try:
        with path.open("rb") as stream:
            if compressed:
                opened = cast(
                    "IO[bytes]",
                    gzip.open(stream)
                    if compressed == ".gz"
                    else zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True),
                )
                head = _read_up_to(opened, HEAD_BYTES + 1)
                return [head[:HEAD_BYTES]], len(head) <= HEAD_BYTES
            size = path.stat().st_size
            pieces = [stream.read(HEAD_BYTES)]
            for each in range(1, CHUNKS + 1) if size > HEAD_BYTES + CHUNKS * CHUNK_BYTES else ():
                # At an even place, where a character of UTF-16 begins.
                stream.seek(HEAD_BYTES + (size - HEAD_BYTES - CHUNK_BYTES) * each // CHUNKS // 2 * 2)
                pieces.append(stream.read(CHUNK_BYTES))
            if len(pieces) == 1:
                pieces[0] += stream.read()
            return pieces, len(pieces) == 1
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
        raise UnreadableError(f"is damaged ({error}); copy or export it again") from None
    except OSError as error:
        raise UnreadableError(f"can't be read ({error.strerror or error})") from None


def _read_up_to(stream: IO[bytes], size: int) -> bytes:
    """Return so many bytes, or all that there are: a decompressor may return fewer at a time."""
    pieces: list[bytes] = []
    while size > 0 and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _sniff_text(path: Path, pieces: list[bytes], *, is_whole: bool) -> Sniffed:
    encoding, doubts = encoding_of(b"".join(pieces))
    lines = list(_lines(pieces, encoding, is_whole=is_whole))
    if not lines:
        raise UnreadableError("has no rows")
    endings = {each.lower() for each in path.suffixes[-2:]}
    if endings.intersection(JSON_ENDINGS) or lines[0].startswith(("{", "[{")):
        return _sniff_json(path, lines, encoding, is_whole=is_whole)
    if len(lines[0]) > MAX_HEADER_LENGTH:
        raise UnreadableError("has a first line that is too long for a table")
    separator, quote = _separator_of(lines[:MAX_LINES_COMPARED])
    first, *_ = parsed = [_fields(line, separator, quote) for line in _spread(lines)]
    width = max(Counter(map(len, parsed)).items(), key=lambda each: (each[1], each[0]))[0]
    body = [row for row in parsed[1:] if len(row) == width]
    header = _is_header(first, body[:1000]) if len(first) == width or not body else True
    if header and len(first) != width:
        width, body = len(first), [row for row in parsed[1:] if len(row) == len(first)]
    rows = body if header else [first, *body]
    return Sniffed(
        path,
        "csv",
        tuple(name.strip() for name in first) if header else ("",) * width,
        [[_cleaned(value) for value in row] for row in rows],
        is_whole=is_whole and len(lines) <= MAX_ROWS,
        encoding=encoding,
        separator=separator,
        quote=quote,
        header=header,
        odd_lines=len(parsed) - len(rows) - header,
        doubts=doubts,
    )


def encoding_of(content: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the encoding of a text, and what is in doubt about it. Raises UnreadableError if it is none."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", ()
    head = content[:10_000]
    zeros = [head[0::2].count(0), head[1::2].count(0)]
    if max(zeros) > 0.3 * len(head) / 2 and min(zeros) < 0.05 * len(head) / 2:
        return ("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"), ()
    controls = sum(head.count(each) for each in (*range(9), *range(14, 32)))
    if sum(zeros) > 0.01 * len(head) or controls > 0.05 * len(head):
        raise UnreadableError("is no text, and no Parquet")
    high = len(_HIGH.findall(content))
    bad = len(content) - len(content.decode("utf-8", "ignore").encode())
    if not bad or bad < 0.2 * high:
        return "utf-8", ()
    letters = len(_LATIN_LETTERS.findall(content))
    if letters >= 0.4 * high:
        windows = re.search(rb"[\x80-\x9f]", content) and not re.search(rb"[\x81\x8d\x8f\x90\x9d]", content)
        return ("cp1252" if windows else "latin-1"), ()
    if high > 0.02 * len(content):
        return "latin-1", (
            "is in an encoding that can't be known; name it, for example\n"
            '  encoding = "cp1251"  # or shift_jis, gb18030, latin-1',
        )
    return "utf-8", ()


def _lines(pieces: list[bytes], encoding: str, *, is_whole: bool) -> Iterator[str]:
    """Yield lines of the pieces that are not blank, without those that are cut."""
    of_rest = encoding
    if encoding == "utf-16":
        of_rest = "utf-16-be" if pieces[0].startswith(b"\xfe\xff") else "utf-16-le"
    for number, piece in enumerate(pieces):
        text = piece.decode(of_rest if number else encoding, "replace").removeprefix("\ufeff")
        lines = re.split(r"\r\n|\n|\r", text)
        if not is_whole and len(lines) > 1:
            del lines[-1]
        yield from (line for line in (lines[1:] if number else lines) if line.strip())


def _spread(lines: list[str]) -> list[str]:
    """Return the first line, and others from everywhere, no more than are looked at."""
    step = -(-len(lines) // MAX_ROWS)
    return lines[:1] + lines[1::step]


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


def _cleaned(value: str) -> str | None:
    value = value.strip(SPACES)
    return None if value in MISSING else value


def _sniff_json(path: Path, lines: list[str], encoding: str, *, is_whole: bool) -> Sniffed:
    if lines[0].lstrip().startswith("["):
        raise UnreadableError(
            "is one JSON array; write one object a line (jq -c '.[]'), or read it by a query:\n"
            f"  query = \"select * from read_json('{path.name}')\""
        )
    objects, odd = [], 0
    for line in _spread(lines):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            objects.append(found)
        else:
            odd += 1
    if not objects or odd > len(objects):
        raise UnreadableError("is no JSON with one object a line")
    names = tuple(dict.fromkeys(name for each in objects for name in each if name))
    rows = [[each.get(name) for name in names] for each in objects]
    return _typed(path, "json", names, rows, encoding=encoding, is_whole=is_whole, odd_lines=odd)


def _sniff_parquet(path: Path) -> Sniffed:
    try:
        with duckdb.connect(config={"threads": "1"}) as connection:
            relation = connection.read_parquet(_UNGLOBBED.sub(r"[\1]", str(path)))
            names, types = tuple(relation.columns), relation.types
            ((number,),) = relation.count("*").fetchall()
            # A time with a zone, for one, would need a library as a value of Python.
            texts = [
                duckdb.ColumnExpression(name)
                if kind in _TEXTS
                else duckdb.ColumnExpression(name).cast("varchar")
                for name, kind in zip(names, types, strict=True)
            ]
            rows = [list(row) for row in relation.limit(MAX_ROWS).select(*texts).fetchall()]
    except (duckdb.Error, OverflowError, ValueError) as error:
        raise UnreadableError(f"is damaged ({str(error).splitlines()[0]}); export it again") from None
    sniffed = _typed(path, "parquet", names, rows, is_whole=number <= MAX_ROWS)
    others = {place for place, kind in enumerate(types) if kind.id in _NESTED and kind not in _TEXTS}
    return replace(sniffed, nested=sniffed.nested | others)


def _typed(  # noqa: PLR0913 (what a sample is)
    path: Path,
    kind: Literal["json", "parquet"],
    names: tuple[str, ...],
    rows: list[list[Any]],
    *,
    is_whole: bool,
    encoding: str = "utf-8",
    odd_lines: int = 0,
) -> Sniffed:
    nested, lists = set(), set()
    for place in range(len(names)):
        for value in (row[place] for row in rows):
            if isinstance(value, list) and all(isinstance(each, (str, type(None))) for each in value):
                lists.add(place)
            elif isinstance(value, (list, dict, bytes, tuple)):
                nested.add(place)
    texts = [[_text_of(value) for value in row] for row in rows]
    return Sniffed(
        path,
        kind,
        names,
        texts,
        is_whole=is_whole,
        encoding=encoding,
        odd_lines=odd_lines,
        nested=frozenset(nested),
        lists=frozenset(lists - nested),
    )


def _text_of(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "|".join(map(str, value))
    return _cleaned(str(value))
