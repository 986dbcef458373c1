"""Fetch: a data set of the catalogue becomes a folder that the job can read."""

from dataclasses import dataclass
from pathlib import Path

from batch.datasets.archive import archive_of
from batch.datasets.catalogue import SAMPLE, SETS
from batch.datasets.convert import convert
from batch.datasets.download import Source
from batch.datasets.folder import give_names, reserved
from batch.datasets.sample import write_sample
from batch.errors import InputError, UsageError
from batch.runtime.progress import Progress


@dataclass(frozen=True)
class Fetched:
    """What was written."""

    name: str
    data: Path
    ratings: int
    movies: int
    users: int | None  # None: the set says nothing about its users
    files: list[Path]
    checked: str | None  # by what the archive was checked: `md5` or `crc`; None: there was none


def fetch(name: str, folder: Path, source: Source, progress: Progress) -> Fetched:
    """Write a data set into a folder that has none.

    Raises UsageError if it has one, BatchError if the archive can't be had, InputError if it is not as it
    should be, and LockedError if another fetch is at work. Then nothing is written.
    """
    if source.mirror and not source.mirror.startswith(("http://", "https://")):
        raise UsageError(
            f"--mirror {source.mirror}: is not a valid URL; it must begin with http:// or https://"
        )
    if name == SAMPLE:
        ratings, movies = write_sample(folder)
        files = [folder / "movies.csv", folder / "ratings.csv"]
        return Fetched(name, folder, ratings, movies, None, files, None)
    data_set = SETS[name]
    with reserved(folder) as work:
        archive = archive_of(data_set, folder, source, progress)
        with progress.step("convert") as step:
            try:
                rows = convert(archive.file, data_set, work)
            except InputError:
                # The next fetch downloads it again.
                archive.remove()
                raise
            step.status(f"{rows['ratings']:,} ratings of {rows['movies']:,} movies")
        files = give_names(work, folder)
        archive.remove()
    users = rows.get("users")
    return Fetched(name, folder, rows["ratings"], rows["movies"], users, files, archive.checked)
