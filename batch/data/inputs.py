"""The input folder: which files it has, and a fingerprint of what is in them.

A file may be written while it is read. What is read must be what has the fingerprint, and the file must still
be so when the result is published; else the run stops.
"""

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from batch.errors import InputError

ENDINGS = (".csv", ".csv.gz", ".parquet")
BYTES_AT_A_TIME = 1 << 20


@dataclass(frozen=True)
class Inputs:
    """The files of one run."""

    ratings: Path
    movies: Path
    users: Path | None
    hidden: Path | None

    def files(self) -> list[Path]:
        """Every file there is, in a fixed order."""
        return [file for file in (self.ratings, self.movies, self.users, self.hidden) if file is not None]

    def snapshot(self) -> "Snapshot":
        """Read every file, and return what is in it. Raises InputError if a file has just gone."""
        return Snapshot(self, {file: _content_of(file) for file in self.files()})


@dataclass(frozen=True)
class Content:
    """What is in a file, and by what it is known that somebody has written to it since."""

    digest: str  # SHA-256, in hexadecimal digits
    inode: tuple[int, int]  # device and number; another file of the same name has others
    written: tuple[int, int]  # bytes, and time of the last change of them in ns


@dataclass(frozen=True)
class Snapshot:
    """The files of one run, and what is in them: all that is read later must be the same."""

    inputs: Inputs
    contents: dict[Path, Content]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over names and bytes of the files, in hexadecimal digits."""
        lines = [f"{file.name}\n{content.digest}\n" for file, content in self.contents.items()]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def digest_of(self, file: Path) -> str:
        """Return the SHA-256 of one file."""
        return self.contents[file].digest

    def stop_if_written(self) -> None:
        """Raise InputError if somebody has written to a file since: it was not complete then.

        A file that was replaced by another, or removed, was complete.
        """
        for file, before in self.contents.items():
            if file.exists():
                status = file.stat()
                is_written = _inode_of(status) == before.inode and _written(status) != before.written
                if is_written and _content_of(file).digest != before.digest:
                    raise changed(file.name)


class _Hashed(io.RawIOBase):
    """The bytes of a file, hashed as they are read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._stream.read(len(buffer))
        self._hash.update(chunk)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def whole(self) -> str:
        """Read what is left, and return the SHA-256 of all of it."""
        while chunk := self._stream.read(BYTES_AT_A_TIME):
            self._hash.update(chunk)
        return self._hash.hexdigest()


@contextmanager
def verified(file: Path, digest: str) -> Iterator[IO[bytes]]:
    """Open a file for the body. Raises InputError at the end if its bytes are not those of the digest.

    That is raised in the place of any other error: a file that is being written looks damaged.
    """
    with _opened(file) as stream:
        hashed = _Hashed(stream)
        try:
            yield io.BufferedReader(hashed, BYTES_AT_A_TIME)
        except Exception:
            _stop_if_changed(file, hashed, digest)
            raise
        _stop_if_changed(file, hashed, digest)


def _stop_if_changed(file: Path, hashed: _Hashed, digest: str) -> None:
    if hashed.whole() != digest:
        raise changed(file.name)


def _opened(file: Path) -> io.BufferedReader:
    try:
        return file.open("rb")
    except FileNotFoundError:
        raise changed(file.name) from None


def _content_of(file: Path) -> Content:
    with _opened(file) as stream:
        # What is written after this moment is seen later.
        status = os.fstat(stream.fileno())
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Content(digest, _inode_of(status), _written(status))


def _inode_of(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _written(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def changed(name: str) -> InputError:
    """Return the error of a file that somebody writes to while it is read."""
    return InputError(f"{name} changed while it was read; run again")


def find_inputs(folder: Path) -> Inputs:
    """Find ratings and movies, and users and hidden if they are there, in a folder.

    Raises InputError if the folder or a file is missing, or a file is there in two formats.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name the one with ratings.csv and movies.csv by --data")
    return Inputs(
        ratings=_required(folder, "ratings"),
        movies=_required(folder, "movies"),
        users=_optional(folder, "users"),
        hidden=_optional(folder, "hidden"),
    )


def _optional(folder: Path, name: str) -> Path | None:
    wanted = {f"{name}{ending}" for ending in ENDINGS}
    found = sorted(entry for entry in folder.iterdir() if entry.name.lower() in wanted)
    if len(found) > 1:
        raise twice(folder, [file.name for file in found])
    if found and not found[0].is_file():
        raise InputError(f"{found[0]}: is no file; put one there, or move it away")
    return found[0] if found else None


def _required(folder: Path, name: str) -> Path:
    file = _optional(folder, name)
    if file is None:
        raise missing(folder, name)
    return file


def twice(folder: Path | str, names: list[str]) -> InputError:
    """Return the error of a file that is there in two formats."""
    return InputError(
        f"{folder}: holds {' and '.join(names)}; keep the one that is meant, and move the other away"
    )


def missing(folder: Path | str, name: str) -> InputError:
    """Return the error of a file that is not there."""
    return InputError(
        f"{folder}: has no {name}.csv (nor {name}.csv.gz, nor {name}.parquet); put it there, or name "
        "another folder by --data; 'python -m batch fetch sample' writes sample movies"
    )
