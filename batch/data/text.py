"""Text: files become lines of UTF-8 with one kind of newline, in which every row keeps its line number.

Bytes that are no text are marked, and a line that is too long is cut: `sql/load/macros.sql` knows the marks.
"""

import codecs
import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import zstandard

from batch.data.inputs import BYTES_AT_A_TIME, InputTable, verified
from batch.errors import InputError

# A line of so many characters is no record. It is cut before it is too long for the CSV reader.
MAX_LINE_LENGTH = 200_000
# Marks bytes that are not of the encoding, and the one character that may not be in a line.
# It is a character that no text holds, so that a replacement character in a title is not taken for it.
_NO_TEXT = "\uffff"
_FORBIDDEN = "\x01"
# Stands for the part of a line that was cut out of it.
_CUT = "\ufffe"
_BYTE_ORDER_MARK = "\ufeff"

codecs.register_error("mark", lambda error: (_NO_TEXT, cast("UnicodeDecodeError", error).end))


@dataclass(frozen=True)
class Text:
    """A copy of the files of a table as one text."""

    path: Path
    header_line: int  # 0 without one
    first_record: str  # the header, or else the first line that is not blank
    lines_before: tuple[int, ...]  # of each file


def copy_as_text(table: InputTable, target: Path, digests: Mapping[Path, str]) -> Text:
    """Copy files one after the other as UTF-8 with newlines of one kind.

    The header of each file but the first becomes a blank line, so that lines keep their numbers. `digests`
    are the SHA-256 that files must have. Raises InputError if a file is empty, has another header than the
    first, or another digest.
    """
    lines, lines_before, header_line, first_record = 0, [], 0, ""
    with target.open("w", encoding="utf-8", newline="\n") as copy:
        for path, name in zip(table.paths, table.names, strict=True):
            lines_before.append(lines)
            with _opened_text(path, table.files.encoding, digests.get(path)) as source:
                for line in _blank_and_first(source, name):
                    lines += 1
                    first = line
                    copy.write("\n" if lines_before[-1] and table.has_header else line)
                if not lines_before[-1]:
                    first_record, header_line = first, lines if table.has_header else 0
                elif table.has_header and first.strip() != first_record.strip():
                    raise InputError(
                        f"{name}: begins with {first[:80]!r}, and {table.names[0]} with "
                        f"{first_record[:80]!r}; give every file the same header"
                    )
                lines += _copy_rest(source, copy, is_open=not first.endswith("\n"))
    return Text(target, header_line, first_record, tuple(lines_before))


def fields_of(line: str, separator: str, quote: str) -> list[str]:
    """Return the values of a line; a quote is one only beside a separator of one character."""
    line = line.rstrip("\n")
    if len(separator) > 1:
        return line.split(separator)
    if not quote:
        return next(csv.reader([line], delimiter=separator, quoting=csv.QUOTE_NONE))
    return next(csv.reader([line], delimiter=separator, quotechar=quote))


def _blank_and_first(source: IO[str], name: str) -> Iterator[str]:
    """Yield the blank lines at the beginning, and the next. Raises InputError if that is no text."""
    line = source.readline(MAX_LINE_LENGTH).removeprefix(_BYTE_ORDER_MARK)
    while line.isspace() and line.endswith("\n"):
        yield line
        line = source.readline(MAX_LINE_LENGTH)
    if not line.strip():
        raise InputError(f"{name}: is empty; check how it was exported")
    if len(line) == MAX_LINE_LENGTH:
        raise InputError(f"{name}: its first line is too long; check how it was exported")
    if _NO_TEXT in line or "\0" in line:
        raise InputError(f"{name}: its first line is no text; declare its encoding in input.toml")
    yield line


def _copy_rest(source: IO[str], copy: IO[str], *, is_open: bool) -> int:
    """Copy what is left, and return how many lines it ends. `is_open`: a line has been begun."""
    lines, chunk = 0, ""
    while chunk_read := source.read(MAX_LINE_LENGTH):
        chunk = chunk_read
        ends = chunk.count("\n")
        is_one_line = len(chunk) == MAX_LINE_LENGTH and not ends
        copy.write(_CUT if is_one_line else chunk.replace(_FORBIDDEN, _NO_TEXT))
        lines += ends
    if chunk and not chunk.endswith("\n"):
        lines += 1
        is_open = True
    if is_open:
        copy.write("\n")
    return lines


@contextmanager
def _opened_text(path: Path, encoding: str, digest: str | None) -> Iterator[io.TextIOWrapper]:
    with (
        path.open("rb") if digest is None else verified(path, digest) as compressed,
        decompressed(compressed, path) as stream,
        io.TextIOWrapper(stream, encoding=encoding, errors="mark", newline=None) as source,
    ):
        yield source


def decompressed(stream: IO[bytes], path: Path) -> IO[bytes]:
    """Return the bytes of a file that may be compressed, by its ending."""
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return cast("IO[bytes]", gzip.open(stream))
    if suffix == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
        return cast("IO[bytes]", io.BufferedReader(reader, BYTES_AT_A_TIME))
    return stream
