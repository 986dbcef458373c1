"""Attributes: vectors of movies that nobody has rated yet, from what is known of them.

A ridge regression from the attributes of the rated movies to their vectors, part by part; a movie weighs the
more the more people have rated it. What it foresees of a new movie is its vector. The popularity trend is
learned from movies that were new lately: how much those are watched that have come.

Attributes may say nothing: they may be those of other movies, or noise. So half of the movies foresee the
other half first. If their vectors don't look like the foreseen ones, there are no new movies.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from batch.data.interactions import Interactions
from batch.model.weighted_parts import FittedItems, Model
from batch.settings import Settings

REGULARIZATION = 10.0
# The vector of a movie with so many interactions weighs half.
HALF_KNOWN = 5.0
# New lately is a movie whose first interaction is among the newest tenth of all.
LATELY = 0.1
# The least correlation of vectors with those that attributes foresee. By chance it is about 0.
MIN_CORRELATION = 0.1


class Catalogue(Protocol):
    """What is known of movies, of which the last ones are new."""

    @property
    def attributes(self) -> sparse.csr_matrix | None:
        """Return (movies, columns)."""

    @property
    def genres(self) -> sparse.csr_matrix | None:
        """Return (movies, genres)."""


MAPPED = ("collaborative", "sequential", "personal_trend")


@dataclass(frozen=True)
class NewItems:
    """The vectors of movies that come after all others, part by part; of none if nothing can be foreseen."""

    by_part: dict[str, NDArray[np.float32]]  # (new, columns)
    genres: sparse.csr_matrix  # (new, genres), as in `Genres`

    def __len__(self) -> int:
        return len(self.by_part["trend"])

    def known_to(self, ratings: Interactions) -> Interactions:
        """Return the same ratings, with the new movies of which there are vectors: all or none."""
        return ratings if len(self) else ratings.without_new_items()

    def added_to(self, fitted: FittedItems) -> FittedItems:
        """Return the learned vectors, and those of the new movies after them.

        Users are folded in before: they have no new movies.
        """
        known = fitted.by_part
        collaborative, sequential, personal = (
            np.vstack([known[name], self.by_part[name]]) for name in MAPPED
        )
        nothing = np.zeros((len(self), fitted.sequential.history_factors.shape[1]), np.float32)
        of_trend = np.zeros((len(self), fitted.personal_trend.history_factors.shape[1]), np.float32)
        return replace(
            fitted,
            collaborative=replace(fitted.collaborative, item_factors=collaborative),
            sequential=replace(
                fitted.sequential,
                item_factors=sequential,
                history_factors=np.vstack([fitted.sequential.history_factors, nothing]),
            ),
            personal_trend=replace(
                fitted.personal_trend,
                item_factors=personal,
                history_factors=np.vstack([fitted.personal_trend.history_factors, of_trend]),
            ),
            genres=replace(fitted.genres, shares=sparse.vstack([fitted.genres.shares, self.genres], "csr")),
            trend=np.concatenate([fitted.trend, self.by_part["trend"][:, 0]]),
        )

    def offered_by(self, model: Model, fitted: FittedItems) -> Model:
        """Return the model whose lists may have new movies; `fitted` has their vectors."""
        if not len(self):
            return model
        users, items = model.seen.shape
        seen = model.seen.tocsr()
        return replace(
            model,
            item_factors=fitted.factors,
            seen=sparse.csr_matrix((seen.data, seen.indices, seen.indptr), (users, items + len(self))),
            is_candidate=np.concatenate([model.is_candidate, np.zeros(len(self), np.bool_)]),
            new_items=len(self),
        )


def fit_new_items(fitted: FittedItems, ratings: Interactions, settings: Settings) -> NewItems:
    """Return the vectors of the new movies of these ratings; `fitted` has learned those of the others.

    If lists may have none, there are none.
    """
    if not settings.new_share:
        ratings = ratings.without_new_items()
    return foresee_new_items(
        fitted, ratings, ratings.ratings_of_item[: ratings.known_items], first_rated_lately(ratings)
    )


def first_rated_lately(ratings: Interactions) -> NDArray[np.bool_]:
    """Return (known movies,), those that came among the newest tenth of all ratings; without times, all."""
    if not ratings.has_times:
        return np.ones(ratings.known_items, dtype=np.bool_)
    first = np.full(ratings.known_items, np.inf)
    np.minimum.at(first, ratings.item_index, ratings.rated_at)
    return np.asarray(first >= np.quantile(ratings.rated_at, 1 - LATELY), dtype=np.bool_)


def foresee_new_items(
    fitted: FittedItems,
    catalogue: Catalogue,
    ratings_of_item: NDArray[np.int64],  # (known movies,)
    is_lately: NDArray[np.bool_],  # (known movies,)
) -> NewItems:
    """Return what `fit_new_items` returns, from what is counted of all ratings."""
    known = len(ratings_of_item)
    attributes, genres = (
        sparse.csr_matrix((known, 0)) if each is None else each
        for each in (catalogue.attributes, catalogue.genres)
    )
    one = sparse.csr_matrix(np.ones((attributes.shape[0], 1)))
    columns = sparse.csr_matrix(sparse.hstack([one, attributes], format="csr"))
    weights = ratings_of_item / (ratings_of_item + HALF_KNOWN)
    vectors = fitted.by_part
    new = (
        columns[known:] if _are_foreseen(columns[:known], vectors["collaborative"], weights) else columns[:0]
    )
    by_part = {
        name: _foreseen(columns[:known], vectors[name], weights * vectors[name].any(axis=1), new)
        for name in MAPPED
    }
    of_trend = is_lately if is_lately.any() else np.ones(known, dtype=np.bool_)
    by_part["trend"] = _foreseen(columns[:known], vectors["trend"], of_trend.astype(np.float64), new)
    return NewItems(by_part, genres[known : known + new.shape[0], fitted.genres.chosen])


def _are_foreseen(
    columns: sparse.csr_matrix, vectors: NDArray[np.float32], weights: NDArray[np.float64]
) -> bool:
    """Return whether vectors are like those that the attributes of other movies foresee."""
    # Ids may follow a pattern; chance follows none.
    half = np.random.default_rng(0).permutation(len(weights)) % 2
    foreseen = np.zeros(vectors.shape)
    for number in (0, 1):
        others = weights * (half != number)
        foreseen[half == number] = _foreseen(columns, vectors, others, columns[half == number])
    foreseen, own = (each - np.average(each, axis=0, weights=weights) for each in (foreseen, vectors))
    together, squares, own_squares = (
        float(weights @ np.einsum("if,if->i", one, other))
        for one, other in ((foreseen, own), (foreseen, foreseen), (own, own))
    )
    return bool(together > MIN_CORRELATION * np.sqrt(squares * own_squares))


def _foreseen(
    columns: sparse.csr_matrix,
    vectors: NDArray[np.float32],
    weights: NDArray[np.float64],
    new: sparse.csr_matrix,
) -> NDArray[np.float32]:
    """Return (new, factors), the vectors that ridge regression foresees by the columns of movies.

    The first column is 1 for each, and not pulled towards zero.
    """
    weighted = sparse.csr_matrix(sparse.diags_array(weights) @ columns)
    gram = (weighted.T @ columns).toarray()
    gram[np.diag_indices(len(gram))] += np.where(np.arange(len(gram)) > 0, REGULARIZATION, 1e-6)
    solved = linalg.solve(gram, weighted.T @ vectors.astype(np.float64), assume_a="pos", check_finite=False)
    return np.asarray(new @ solved, dtype=np.float32)
