"""The genres: how much more of each genre a user likes than everybody does.

A user has a number for each genre: the logarithm of its share in the positives, divided by its share in those
of everybody. Few positives say little, so shares are drawn to those of everybody. An item has 1 for each of
its genres.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.data.interactions import Interactions
from batch.model.part import Part
from batch.model.positives import is_positive

# So many positives with the shares of everybody are added to those of a user.
SMOOTHING = 10.0
# A marked taste decides more: the weight rises with the cube of how marked it is, up to this.
MAX_MARKED = 4.0
# Of more genres, those of most positives count: each is a column of every vector.
MAX_GENRES = 64


@dataclass(frozen=True)
class Genres(Part):
    """Of which genres items are, and what is usual: how much of each genre, and how marked a taste."""

    shares: sparse.csr_matrix  # (items, genres), those of an item have equal shares
    usual: NDArray[np.float64]  # (genres,), shares in the positives of everybody
    usual_spread: float  # of the scores of a user over all items; the mean over users
    # (genres,), their columns among all that the input has
    chosen: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))

    @cached_property
    def item_factors(self) -> NDArray[np.float32]:
        """Return (items, genres), 1 for each genre of an item."""
        return np.asarray((self.shares > 0).toarray(), dtype=np.float32)

    def of_users(self, ratings: Interactions) -> NDArray[np.float32]:
        """Return (users, genres), the logarithm of each share divided by the usual one."""
        positives = ratings.matrix(is_positive(ratings.weight).astype(np.float32))
        counts = np.asarray((positives @ self.shares).toarray(), np.float64)
        known = self.usual > 0
        usual = np.where(known, self.usual, 1)
        theirs = (counts + SMOOTHING * usual) / (counts.sum(axis=1, keepdims=True) + SMOOTHING)
        return np.where(known, np.log(theirs / usual), 0).astype(np.float32)

    def marked(self, spread: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (users,), by what a taste weighs more or less than usual, by the spread of its scores."""
        return np.asarray(np.minimum((spread / self.usual_spread) ** 3, MAX_MARKED), np.float64)


def usual_genres(shares: sparse.csr_matrix | None, positives_of_item: NDArray[np.int64]) -> Genres:
    """Count the genres in the positives of everybody; (items, genres) may be unknown."""
    if shares is None:
        shares = sparse.csr_matrix(np.zeros((len(positives_of_item), 0), dtype=np.float32))
    counts = np.asarray(positives_of_item @ shares, np.float64)
    most = np.sort(np.argsort(-counts, kind="stable")[:MAX_GENRES])
    return Genres(shares[:, most], counts[most] / max(counts[most].sum(), 1.0), 1.0, most)
