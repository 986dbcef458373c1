"""Convert: the files in the archive of a data set become `ratings.csv`, `movies.csv` and `users.csv`.

What is CSV already is taken byte for byte; the rest DuckDB reads, checks and writes, without holding it.
"""

import shutil
import zipfile
import zlib
from functools import partial
from pathlib import Path, PurePosixPath

import duckdb

from batch.datasets.catalogue import DataSet, Member
from batch.datasets.folder import naming
from batch.errors import InputError
from sql import named, statement

_HEADERS = {"ratings": b"userId,movieId,rating,timestamp", "movies": b"movieId,title,genres"}
_BLOCK = 1 << 20
_REMEDY = "download it again, or from elsewhere (--mirror)"


def convert(archive: Path, data_set: DataSet, work: Path) -> dict[str, int]:
    """Write the files of a data set into a work folder, and return how many rows each has.

    Raises InputError if the archive is damaged, or is not that of the data set.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            return {each.target: _convert(opened, each, work) for each in data_set.members}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(f"{archive.name}: is no zip file, or is damaged ({error}); {_REMEDY}") from error


def _convert(archive: zipfile.ZipFile, member: Member, work: Path) -> int:
    target = work / f"{member.target}.csv"
    if member.statement:
        source = work / "source"
        _extract(archive, member, source)
        _rewrite(source, target, member)
        source.unlink()
    else:
        _extract(archive, member, target)
        _check_header(target, member)
    rows = _rows(target)
    if rows < 1:
        raise InputError(f"{member.name} of the archive: has no rows; {_REMEDY}")
    return rows


def _extract(archive: zipfile.ZipFile, member: Member, target: Path) -> None:
    """Write a file of the archive, the one that lies least deep, under a name of ours."""
    found = [each for each in archive.infolist() if PurePosixPath(each.filename).name == member.name]
    if not found:
        raise InputError(f"{archive.filename}: has no {member.name} in it; {_REMEDY}")
    nearest = min(found, key=lambda each: each.filename.count("/"))
    # At its end the library compares the CRC.
    with naming(target), archive.open(nearest) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy, _BLOCK)


def _rewrite(source: Path, target: Path, member: Member) -> None:
    values = {"source": str(source), "target": str(target), **member.parameters}
    try:
        with duckdb.connect() as connection:
            connection.execute(statement("fetch/lines"))
            connection.execute(statement(member.statement), named(member.statement, values))
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{member.name} of the archive: is not as expected ({reason}); {_REMEDY}") from error


def _check_header(file: Path, member: Member) -> None:
    with file.open("rb") as stream:
        header = stream.readline(_BLOCK).rstrip()
    if header != _HEADERS[member.target]:
        expected = _HEADERS[member.target].decode()
        raise InputError(f"{member.name} of the archive: does not begin with {expected}; {_REMEDY}")


def _rows(file: Path) -> int:
    """Count the lines after the header; the last one may lack its end."""
    lines, last = 0, b"\n"
    with file.open("rb") as stream:
        for block in iter(partial(stream.read, _BLOCK), b""):
            lines, last = lines + block.count(b"\n"), block[-1:]
    return lines - (last == b"\n")
