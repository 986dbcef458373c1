"""Look-ups: what the service reads of a user: list, reasons, history and what else is seen, and the segment.

A text holds the numbers of movies, with commas between them: short, the same in every SQL tool, and cut by
the service without a look at the rest. Reasons are letters without commas.
"""

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batch.data.clean import Cleaned
from batch.data.interactions import read_item_numbers, read_only_seen
from batch.recommend.explained import REASONS
from batch.recommend.reasons import Explanations
from batch.recommend.segments import Segments
from batch.recommend.topn import TopN
from sql import statement


def lookups(
    cleaned: Cleaned,
    lists: TopN,
    explanations: Explanations,
    segments: Segments,
    user_ids: "pd.Index[str]",
) -> pd.DataFrame:
    """Return one row per user, in the order of indices: `user_id`, the texts, and `segment`."""
    # Index -1 stands for no movie, and finds the empty text at the end.
    names = np.array([*map(str, read_item_numbers(cleaned.items)), ""], dtype=object)
    ratings = cleaned.connection.execute(statement("write/history_indices")).fetchnumpy()
    rated_by, rated = (np.asarray(ratings[each], dtype=np.int32) for each in ("user_index", "item_index"))
    users = len(user_ids)
    return pd.DataFrame(
        {
            "user_id": pd.Categorical.from_codes(np.arange(users), user_ids),
            "recommendations": texts(lists.user_index, lists.item_index, users, names),
            "because": texts(lists.user_index, explanations.item_index, users, names),
            "reasons": letters(lists.user_index, explanations.reason, users),
            "history": texts(rated_by, rated, users, names),
            "segment": pd.Categorical.from_codes(segments.of_user, pd.Index(segments.names, dtype=object)),
            "seen": texts(*read_only_seen(cleaned), users, names),
        }
    )


def texts(
    user_index: NDArray[np.int32],  # rising
    item_index: NDArray[np.int32],
    users: int,
    names: NDArray[np.object_],  # (items + 1,)
) -> "pd.Series[str]":
    """Return (users,), the names of each user's movies; an empty text for who has none."""
    ends = np.cumsum(np.bincount(user_index, minlength=users)).tolist()
    found, start = [], 0
    for end in ends:
        found.append(",".join(names[item_index[start:end]]))
        start = end
    return pd.Series(found, dtype=object)


def letters(
    user_index: NDArray[np.int32],  # rising
    reason: NDArray[np.int8],  # places in REASONS
    users: int,
) -> "pd.Series[str]":
    """Return (users,), the first letters of the reasons of each user's list."""
    first = np.array([ord(each[0]) for each in REASONS], dtype=np.uint8)
    text = first[reason].tobytes().decode("ascii")
    ends = np.cumsum(np.bincount(user_index, minlength=users)).tolist()
    return pd.Series([text[start:end] for start, end in pairwise([0, *ends])], dtype=object)
