"""Text: a CSV file becomes lines of UTF-8 with one kind of newline, in which every row keeps its line number.

Bytes that are no text are marked, and a line that is too long is cut: `sql/load/macros.sql` knows the marks.
"""

import codecs
import csv
import gzip
import io
from pathlib import Path
from typing import IO, cast

from batch.data.inputs import verified
from batch.errors import InputError

# A line of so many characters is no record. It is cut before it is too long for the CSV reader.
MAX_LINE_LENGTH = 200_000
# Marks what is no text: bytes that are no UTF-8, and the one character that may not be in a line.
# It is a character that no text holds, so that a replacement character in a title is not taken for it.
_NO_TEXT = "\uffff"
_FORBIDDEN = "\x01"
# Stands for the part of a line that was cut out of it.
_CUT = "\ufffe"

codecs.register_error("mark", lambda error: (_NO_TEXT, cast("UnicodeDecodeError", error).end))


def copy_as_text(
    file: Path, target: Path, required: tuple[str, ...], digest: str | None = None
) -> tuple[int, list[str]]:
    """Copy a CSV file as UTF-8 with newlines of one kind; return line and names of its header.

    Raises InputError if there is no header, or if the file does not have the SHA-256 that is given.
    """
    expected = ",".join(required)
    with (
        file.open("rb") if digest is None else verified(file, digest) as compressed,
        _decompressed(compressed, file) as stream,
        io.TextIOWrapper(stream, encoding="utf-8-sig", errors="mark", newline=None) as source,
        target.open("w", encoding="utf-8", newline="\n") as copy,
    ):
        line = 1
        while (header := source.readline(MAX_LINE_LENGTH)).isspace():
            copy.write(header)
            line += 1
        if not header:
            raise InputError(f"{file.name}: is empty; expected a header line with {expected}")
        if len(header) == MAX_LINE_LENGTH:
            raise InputError(f"{file.name}, line {line}: is too long; expected a header line with {expected}")
        if _NO_TEXT in header or "\0" in header:
            raise InputError(
                f"{file.name}, line {line}: is no text in UTF-8; expected a header line with {expected}"
            )
        copy.write(header)
        while chunk := source.read(MAX_LINE_LENGTH):
            is_one_line = len(chunk) == MAX_LINE_LENGTH and "\n" not in chunk
            copy.write(_CUT if is_one_line else chunk.replace(_FORBIDDEN, _NO_TEXT))
    return line, next(csv.reader([header]))


def _decompressed(stream: IO[bytes], file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(stream)) if file.suffix.lower() == ".gz" else stream
