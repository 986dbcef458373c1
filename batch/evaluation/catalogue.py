"""Catalogue: how many of the rated movies have a title, genres and a year; a warning if many have no title.

A movie without a row in the movies file is kept, and shown with its id. If there are many of them, the file
was cut, or its ids are those of another catalogue.
"""

from dataclasses import dataclass

import duckdb

from batch.evaluation.holdout import PUBLISHED, Metrics
from batch.runtime.step_table import format_share
from sql import statement

CATALOGUE_SHARE = "catalogue_share"
GENRES_SHARE = "genres_share"
YEAR_SHARE = "year_share"
# A catalogue that is whole has a title for nearly every movie.
MIN_CATALOGUE_SHARE = 0.9


@dataclass(frozen=True)
class Catalogue:
    """The movies that have a rating which counts, and what movies says of them."""

    items: int
    titled: int  # items with a title of their own
    with_genres: int
    with_year: int
    untitled_ids: list[str]  # some of the others
    titled_ids: list[str]  # some ids of the file

    @property
    def share(self) -> float:
        """Return the share of the movies that have a title."""
        return self.titled / self.items

    @property
    def metrics(self) -> Metrics:
        """Return the shares of movies with a title, genres and a year as metrics of the published file."""
        return {
            (CATALOGUE_SHARE, PUBLISHED): self.share,
            (GENRES_SHARE, PUBLISHED): self.with_genres / self.items,
            (YEAR_SHARE, PUBLISHED): self.with_year / self.items,
        }

    def summary(self) -> str:
        """Return in a few words how many movies have a title."""
        return f"titles for {format_share(self.share)} of the movies"

    def warning(self, file: str) -> str | None:
        """Return what is wrong if too few movies have a title, and what to do; None if enough have."""
        if not is_lost(self.share):
            return None
        return (
            f"{file}: has titles for {self.titled:,} of {self.items:,} rated movies "
            f"({format_share(self.share)}); the others are shown with their ids, without year and genres. "
            f"It has no title for the ids {_examples(self.untitled_ids)}, and has the ids "
            f"{_examples(self.titled_ids)}; check that it is whole, and has the same ids as the ratings"
        )


def is_lost(share: float) -> bool:
    """Return whether so few movies have a title that the catalogue must have been lost."""
    return share < MIN_CATALOGUE_SHARE


def read_catalogue(items: duckdb.DuckDBPyRelation) -> Catalogue:
    """Return what is known of the movies after cleaning."""
    found = items.query("items", statement("clean/catalogue"))
    assert found is not None, "a query, not a command"
    (row,) = found.fetchall()
    return Catalogue(**dict(zip(found.columns, row, strict=True)))


def _examples(ids: list[str]) -> str:
    return ", ".join(f"'{item_id[:40]}'" for item_id in ids) or "none"
