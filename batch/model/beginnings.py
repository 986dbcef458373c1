"""Beginnings: what is foreseen of somebody of whom little is known.

A user with one positive has a vector that is all about that movie. So it is mixed with what users as a whole
are like, and those with the same attributes (sex, age, occupation, or any other): a ridge regression from
attributes to vectors, in each of the parts that are learned from histories. With every positive the own
vector weighs more.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

REGULARIZATION = 10.0
# With so many positives, a user is half known.
HALF_KNOWN = 10.0
# From more users, no more is learned of all.
MAX_USERS = 5_000


@dataclass(frozen=True)
class Beginnings:
    """By part, how the vector of a user follows from attributes; the vectors have scores of unit spread."""

    by_part: dict[str, NDArray[np.float32]] = field(default_factory=dict)  # (1 + columns, factors)

    def of_users(
        self, part: str, attributes: sparse.csr_matrix | None, users: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Return (len(users), factors), what is foreseen of each by the attributes (users, columns)."""
        weights = self.by_part[part]
        foreseen = np.repeat(weights[:1], len(users), axis=0)
        return foreseen if attributes is None else np.asarray(foreseen + attributes[users] @ weights[1:])


def share_known(positives: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how much the own vector of users with so many positives weighs, from 0 to 1."""
    return np.asarray(1 - (HALF_KNOWN / (HALF_KNOWN + positives)) ** 2, np.float64)


def fit_beginnings(
    vectors: dict[str, NDArray[np.float32]],
    attributes: sparse.csr_matrix | None,
    positives: NDArray[np.int64],
) -> Beginnings:
    """Learn from vectors of some users, (users, factors) by part, and their attributes, (users, columns)."""
    columns = np.ones((len(positives), 1))
    if attributes is not None:
        columns = np.hstack([columns, attributes.toarray()])
    weighted = columns * share_known(positives)[:, None]
    gram = weighted.T @ columns
    # Everybody is not pulled towards zero.
    gram[np.diag_indices(len(gram))] += np.where(np.arange(len(gram)) > 0, REGULARIZATION, 1e-6)
    return Beginnings(
        {
            part: linalg.solve(gram, weighted.T @ each, assume_a="pos", check_finite=False).astype(np.float32)
            for part, each in vectors.items()
        }
    )
