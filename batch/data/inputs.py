"""Inputs: which files of a folder are read, by its spec, and a fingerprint of what is in them.

A file may be written while it is read. What is read must be what has the fingerprint, and the file must still
be so when the result is published; else the run stops.
"""

import errno
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

import duckdb

from batch.data.input_spec import FILE, Files, InputSpec, read_spec
from batch.data.inspection.understand import understand
from batch.errors import InputError

BYTES_AT_A_TIME = 1 << 20
# Endings of files that are not separated text.
FORMATS: dict[str, Literal["json", "parquet"]] = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}


@dataclass(frozen=True)
class InputTable:
    """The files of one table, which have the same columns and are read one after the other."""

    name: str  # in messages: of the file, or of the first of several with their number
    files: Files  # how they are written
    paths: tuple[Path, ...]
    names: tuple[str, ...]  # of these files in the folder, as rows are recorded under

    @property
    def format(self) -> Literal["csv", "json", "parquet"]:
        """How the files are written: as the spec says, or as the ending of the first does."""
        if self.files.query:
            return "parquet"
        if self.files.format:
            return self.files.format
        suffixes = [each.lower() for each in self.paths[0].suffixes]
        return next((FORMATS[each] for each in reversed(suffixes) if each in FORMATS), "csv")

    @property
    def has_header(self) -> bool:
        """Whether the first line of each file has the names of the columns."""
        return self.format == "csv" and self.files.header


@dataclass(frozen=True)
class Inputs:
    """The tables of one run, and what their columns mean."""

    folder: Path
    spec: InputSpec
    ratings: InputTable
    movies: InputTable | None
    users: InputTable | None
    hidden: InputTable | None
    spec_file: Path | None  # None if the spec was found by looking
    findings: tuple[str, ...] = ()  # what was found by looking

    def tables(self) -> list[InputTable]:
        """Every table there is, in a fixed order."""
        tables = (self.ratings, self.movies, self.users, self.hidden)
        return [table for table in tables if table is not None]

    def files(self) -> list[Path]:
        """Every file there is, in a fixed order."""
        files = [path for table in self.tables() for path in table.paths]
        return [*files, self.spec_file] if self.spec_file else files

    def with_results(self, work: Path) -> "Inputs":
        """Run the queries, and return the inputs with their results, which are files in `work`."""

        def result(name: str, table: InputTable) -> InputTable:
            path = work / f"{name}.query.parquet"
            return result_of_query(self.folder, table, path) if table.files.query else table

        return replace(
            self,
            ratings=result("ratings", self.ratings),
            movies=self.movies and result("movies", self.movies),
            users=self.users and result("users", self.users),
            hidden=self.hidden and result("hidden", self.hidden),
        )

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
    """Find the files of a folder, by its `input.toml`, or by looking at them where there is none.

    Raises InputError, with every problem, if the folder or a file is missing, or what a column means is in
    doubt.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name the one with the interactions by --data")
    spec, findings = read_spec(folder), tuple[str, ...]()
    spec_file = folder / FILE if spec else None
    if spec is None:
        found = understand([folder])
        if found.spec is None or found.problems:
            for path in sorted(folder.iterdir()):
                # A lack of permission is a fault of the system, and may be why something is in doubt.
                if path.exists() and not os.access(path, os.R_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            # The lines of a problem are a part of a whole file, which this command writes.
            hint = f"'python -m batch inspect {folder} --write' writes an {FILE} in which to settle this"
            lines = [f"{folder}: can't be read without a hint", *found.problems, hint]
            raise InputError("\n".join(lines if found.notes else found.problems))
        spec, findings = found.spec, found.findings

    tables, problems = find_tables(folder, spec)
    if problems:
        raise InputError("\n".join(problems))
    return Inputs(
        folder=folder,
        spec=spec,
        ratings=tables["interactions"],
        movies=tables.get("items"),
        users=tables.get("users"),
        hidden=tables.get("hidden"),
        spec_file=spec_file,
        findings=findings,
    )


def find_tables(folder: Path, spec: InputSpec) -> tuple[dict[str, InputTable], list[str]]:
    """Find the files of every table, by section of the spec; and a problem for each table without any."""
    tables, problems = {}, []
    for section in ("interactions", "items", "users", "hidden"):
        files: Files | None = getattr(spec, section)
        if files is not None:
            try:
                tables[section] = find_table(folder, section, files)
            except InputError as error:
                problems.append(str(error))
    return tables, problems


def find_table(folder: Path, name: str, files: Files) -> InputTable:
    """Find the files of one table; none of a query before it is run. Raises InputError if there are none."""
    if files.query:
        return InputTable(f"query of {name}", files, (), (f"query of {name}",))
    patterns = (files.file,) if isinstance(files.file, str) else files.file
    paths = [path for pattern in patterns for path in _matching(folder, name, pattern)]
    names = [path.relative_to(folder).as_posix() for path in paths]
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return InputTable(f"{names[0]}{more}", files, tuple(paths), tuple(names))


def _matching(folder: Path, name: str, pattern: str) -> list[Path]:
    """Return the files that a pattern of the spec names, sorted: a file, a folder with files, or a glob."""
    path = folder / pattern
    if path.is_file():
        return [path]
    if Path(pattern).is_absolute():
        raise InputError(f"{folder / FILE}: {name}.file is {pattern}; name a file inside of the folder")
    found = path.rglob("*") if path.is_dir() else folder.glob(pattern)
    # Programs that write parts leave markers beside them: empty files, or names with _ or . first.
    files = sorted(each for each in found if each.is_file() and each.name[0] not in "._")
    files = [each for each in files if each.stat().st_size]
    if not files:
        raise InputError(
            f"{folder}: has no file {pattern} for {name}; put it there, or correct {FILE}"
            if (folder / FILE).exists()
            else f"{folder}: has no file {pattern}; put it there"
        )
    return files


def result_of_query(folder: Path, table: InputTable, path: Path, limit: int | None = None) -> InputTable:
    """Write the result of a query over files to a file, in its order. Raises InputError if it fails.

    With a `limit`, at most so many of its rows.
    """
    target = path.absolute()
    with rows_of_query(folder, table, target.parent) as rows:
        (rows if limit is None else rows.limit(limit)).write_parquet(str(target))
    return replace(table, paths=(path,))


@contextmanager
def rows_of_query(folder: Path, table: InputTable, *others: Path) -> Iterator[duckdb.DuckDBPyRelation]:
    """Give the rows of a query for the body. Raises InputError if it fails, or is no SELECT.

    It can read files of the folder, and of the `others`, and write none: an `input.toml` may come from
    somebody else. The body runs in the folder, so that names of files are those in it.
    """
    allowed = [str(each.absolute()) for each in (folder, *others)]
    with chdir(folder), duckdb.connect() as connection:
        try:
            connection.execute("set allowed_directories = $allowed", {"allowed": allowed})
            connection.execute("set enable_external_access = false; set lock_configuration = true")
            statements = connection.extract_statements(table.files.query)
            if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
                raise InputError(f"{folder / FILE}: the {table.name} is not one SELECT; correct it")
            yield connection.sql(table.files.query)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{folder / FILE}: the {table.name} fails ({reason}); correct it") from None
