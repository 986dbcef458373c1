"""Interactions made by hand."""

from collections.abc import Sequence

import numpy as np

from batch.data.interactions import Interactions
from batch.data.meaning import STARS, Meaning

START = 1_500_000_000.0

# User, movie, and if it matters stars, or a weight, and the seconds since START.
Row = tuple[int, int] | tuple[int, int, float] | tuple[int, int, float, float]


def interactions(
    rows: Sequence[Row], *, users: int | None = None, items: int | None = None, meaning: Meaning = STARS
) -> Interactions:
    """Return rows as interactions; without a time, a row comes a second after the one before it."""
    whole = [(*row, *(5.0, float(place))[len(row) - 2 :]) for place, row in enumerate(rows)]
    columns = [np.array(column) for column in zip(*whole, strict=True)]
    user, item, stars, seconds = columns
    in_time = np.argsort(seconds, kind="stable")
    time_rank = np.empty(len(rows), dtype=np.int64)
    time_rank[in_time] = np.arange(len(rows))
    order = np.lexsort((time_rank, user))
    is_positive = np.isnan(stars) | (stars >= 3)
    weight = np.where(is_positive, 1, -1) if meaning == STARS else stars
    return Interactions(
        user_index=user[order].astype(np.int32),
        item_index=item[order].astype(np.int32),
        weight=weight[order].astype(np.float32),
        rated_at=START + seconds[order],
        time_rank=time_rank[order].astype(np.int32),
        is_hidden=np.zeros(int(item.max()) + 1 if items is None else items, dtype=np.bool_),
        users=int(user.max()) + 1 if users is None else users,
        meaning=meaning,
    )
