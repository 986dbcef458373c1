"""File sample: the text at the beginning of a file and at a few places further on, and its encoding."""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, cast

import zstandard

from sql.ids import MISSING, SPACES

# Bytes that are read at the beginning of a file, and at each of so many places further on.
HEAD_BYTES = 1 << 20
CHUNK_BYTES = 1 << 17
CHUNKS = 3
# Rows that are looked at, spread over what was read.
MAX_ROWS = 20_000
# Fewer bytes that are no UTF-8 are broken, and of no other encoding.
MIN_UNKNOWN = 10
# How the reason begins why a file is no table that has interactions for sure.
BLOCKS = "has blocks of rows"
COMPRESSED_ENDINGS = (".gz", ".zst")
_MAGIC = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}
# Letters of Latin-1 that words have, beside another letter; þ and ÿ are more often broken bytes.
_LATIN_LETTERS = re.compile(rb"(?<=[A-Za-z])[\xc0-\xfd]|[\xc0-\xfd](?=[A-Za-z])")
_LONE = re.compile(rb"(?<![\x80-\xff])[\xa0-\xfd](?![\x80-\xff])")
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


def read_pieces(path: Path, magic: bytes) -> tuple[list[bytes], bool]:
    """Return pieces of what is in a file, uncompressed, and whether they are all of it.

    `magic` is how the file begins. Raises UnreadableError if it is damaged, or not what its name says.
    """
    compressed = next((ending for start, ending in _MAGIC.items() if magic.startswith(start)), "")
    ending = path.suffix.lower()
    if compressed and ending != compressed:
        raise UnreadableError(f"is compressed; give it a name that ends with {compressed}")
    if ending in COMPRESSED_ENDINGS and not compressed:
        raise UnreadableError(f"is not compressed, in spite of its name; remove {ending} from it")
    try:
        with path.open("rb") as stream:
            if compressed:
                with _opened(stream, compressed) as opened:
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


@contextmanager
def _opened(stream: IO[bytes], ending: str) -> Iterator[IO[bytes]]:
    """Open what is in a compressed file."""
    if ending == ".gz":
        with gzip.open(stream) as opened:
            yield cast("IO[bytes]", opened)
    else:
        with zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True) as reader:
            yield cast("IO[bytes]", reader)


def _read_up_to(stream: IO[bytes], size: int) -> bytes:
    """Return so many bytes, or all that there are: a decompressor may return fewer at a time."""
    pieces: list[bytes] = []
    while size > 0 and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


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
    # As many characters of several bytes are UTF-8 as there are bytes that are not.
    if bad <= (high - bad) / 2:
        return "utf-8", ()
    letters, lone = len(_LATIN_LETTERS.findall(content)), len(_LONE.findall(content))
    if letters >= 0.4 * high or (high >= MIN_UNKNOWN and lone >= 0.8 * high):
        windows = re.search(rb"[\x80-\x9f]", content) and not re.search(rb"[\x81\x8d\x8f\x90\x9d]", content)
        return ("cp1252" if windows else "latin-1"), ()
    lines = sum(1 for line in content.split(b"\n") if _HIGH.search(line))
    if high > 0.02 * len(content) and high >= MIN_UNKNOWN and lines > 1:
        return "latin-1", ("is in an encoding that can't be known",)
    return "utf-8", ()


def lines_of(pieces: list[bytes], encoding: str, *, is_whole: bool) -> Iterator[str]:
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


def spread(lines: list[str]) -> list[str]:
    """Return the first line, and others from everywhere, no more than are looked at."""
    step = -(-len(lines) // MAX_ROWS)
    return lines[:1] + lines[1::step]


def cleaned(value: str) -> str | None:
    """Return a value without the space around it; None if it is missing."""
    value = value.strip(SPACES)
    return None if value in MISSING else value
