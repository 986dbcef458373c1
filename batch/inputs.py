"""The input folder: which files it has, and a fingerprint of what is in them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from batch.errors import InputError

ENDINGS = (".csv", ".csv.gz", ".parquet")


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

    def fingerprint(self) -> str:
        """SHA-256 over names and bytes of the files, in hexadecimal digits."""
        whole = hashlib.sha256()
        for file in self.files():
            with file.open("rb") as stream:
                whole.update(f"{file.name}\n{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
        return whole.hexdigest()


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
        "another folder by --data; 'python -m batch fetch sample' writes sample films"
    )
