"""Similar: the movies that the same people like, for every movie."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.recommend.topn import Advance, TopN, best


def similar(
    collaborative: NDArray[np.float32],
    is_candidate: NDArray[np.bool_],
    similar_n: int,
    advance: Advance = lambda _items: None,
) -> TopN:
    """Return, for each movie, the `similar_n` candidates with the highest cosine, exactly.

    `collaborative` are (items, factors) the vectors. A movie whose vector is zero is like no other: it has no
    list and stands in none.
    """
    norms = np.sqrt(np.einsum("if,if->i", collaborative, collaborative, dtype=np.float64))
    known = np.flatnonzero(norms > 0)
    unit = (collaborative[known] / norms[known, None]).astype(np.float32)
    itself = sparse.identity(len(known), dtype=np.float32, format="csr")
    found = best(unit, unit, [collaborative.shape[1]], itself, is_candidate[known], similar_n, advance)
    return TopN(
        user_index=known[found.user_index].astype(np.int32),
        rank=found.rank,
        item_index=known[found.item_index].astype(np.int32),
        score=found.score,
    )
