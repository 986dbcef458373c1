"""The folder that a data set is written to: nothing half-written is ever in it under its final name.

data/
├── ratings.csv, movies.csv, users.csv    what a run reads
├── .unfinished-ml-25m.zip                the part of an archive that is here; the next fetch goes on with it
├── .unfinished-ml-25m.zip.version        which version of the archive the part belongs to
├── .unfinished-files/                    what a fetch leaves here when it dies, the next one removes
└── .lock                                 held by the one fetch that writes
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from batch.errors import LockedError, UsageError

# The ratings come last: a folder without them is no input yet.
FILES = ("movies", "users", "ratings")


def unfinished(file: Path) -> Path:
    """Return the name that a file has until it is whole."""
    return file.with_name(f".unfinished-{file.name}")


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Let an error of the system in the body say which file it is about: a full disk does not by itself."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error


def refuse_a_used_folder(folder: Path) -> None:
    """Raise UsageError if a folder has ratings, movies or users already; users of others would be wrong."""
    for present in sorted(each for name in FILES for each in folder.glob(f"{name}.*")):
        raise UsageError(f"{present}: is there already; move it away, or name another folder by --data")


@contextmanager
def reserved(folder: Path) -> Iterator[Path]:
    """Hold a folder for the body, and give an empty work folder in it.

    Raises UsageError if the folder is used, and LockedError if another fetch holds it.
    """
    refuse_a_used_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    work = unfinished(folder / "files")
    try:
        held = filelock.FileLock(folder / ".lock", blocking=False).acquire()
    except filelock.Timeout as error:
        raise LockedError(
            f"{folder}: another fetch is at work here; wait for its end, or name another --data"
        ) from error
    with held:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def give_names(work: Path, folder: Path) -> list[Path]:
    """Move the finished files of a work folder to their names, ratings last, and return these names."""
    files = [work / f"{name}.csv" for name in FILES if (work / f"{name}.csv").exists()]
    for file in files:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    return [file.replace(folder / file.name) for file in files]
