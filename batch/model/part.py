"""Part: what every part of the model has, vectors of the movies, and how far apart the scores are."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray


class Part:
    """Learned vectors of the movies; the scores of a user are the inner products with one vector."""

    if TYPE_CHECKING:

        @property
        def item_factors(self) -> NDArray[np.float32]:
            """Return (items, factors), the vectors of the movies."""

    @cached_property
    def _covariance(self) -> NDArray[np.float64]:
        """Return (factors, factors), the covariance of the vectors of the movies."""
        factors = self.item_factors.shape[1]
        covariance = np.cov(self.item_factors, rowvar=False, bias=True, dtype=np.float64)
        return np.asarray(covariance.reshape(factors, factors))

    def spread(self, users: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (users,), the standard deviation of the scores of each over all movies; 1 for no difference.

        `users` are vectors (users, factors). Divided by it, the parts of a score can be weighed against each
        other.
        """
        if not self.item_factors.shape[1]:
            return np.ones(len(users))
        variance = np.einsum("uf,fg,ug->u", users, self._covariance, users, optimize=True)
        spread = np.sqrt(np.maximum(variance, 0))
        return np.where(spread > 0, spread, 1.0)
