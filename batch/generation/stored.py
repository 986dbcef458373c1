"""Stored: the vectors of a generation, who has seen what and what may be shown, as scoring takes them."""

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sql import statement


@dataclass(frozen=True)
class Stored:
    """Some users of a generation, and all its movies that have a vector, in the order of ids as text."""

    user_ids: NDArray[np.object_]
    item_ids: NDArray[np.object_]
    user_factors: NDArray[np.float32]  # (users, factors)
    item_factors: NDArray[np.float32]  # (items, factors)
    seen: sparse.csr_matrix  # (users, items)
    is_candidate: NDArray[np.bool_]  # (items,)


def read_stored(connection: duckdb.DuckDBPyConnection) -> Stored:
    """Read what an opened generation has of the users in the temporary table `chosen_users`.

    All of its vectors must be of one length.
    """

    def columns(name: str) -> Any:
        return connection.execute(statement(name)).fetchnumpy()

    connection.execute(statement("stored/positions"))
    user_ids = columns("stored/user_ids")["user_id"].astype(np.object_)
    known = columns("stored/item_ids")
    seen = columns("stored/seen")
    users, items = len(user_ids), len(known["item_id"])
    item_factors = columns("stored/item_factors")["factor"].astype(np.float32).reshape(items, -1)
    width = item_factors.shape[1]
    ones = np.ones(len(seen["user_index"]), dtype=np.float32)
    return Stored(
        user_ids=user_ids,
        item_ids=known["item_id"].astype(np.object_),
        user_factors=columns("stored/user_factors")["factor"].astype(np.float32).reshape(users, width),
        item_factors=item_factors,
        seen=sparse.csr_matrix((ones, (seen["user_index"], seen["item_index"])), shape=(users, items)),
        is_candidate=known["is_candidate"].astype(np.bool_),
    )
