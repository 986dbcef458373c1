"""Segments: what is watched lately by people of one kind, for somebody of whom no more is known.

A segment is the users who have one value of an attribute, or of two or three of them in common: gender, age
group and occupation, or those that the input names. One with few users says little; for its people a wider
one does, and for everybody the popular list.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from urllib.parse import quote, urlencode

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from batch.data.interactions import Interactions
from batch.model.trend import recency_weight
from batch.recommend.popular import HALF_LIFE, most_watched

# The attributes that are columns of `users`, and whose values make segments unless others are named.
ATTRIBUTES = ("gender", "age_group", "occupation")
# An age is one of a group.
GROUPS = {"age": "age_group"}
# Fewer users than this have watched too little together to say what the next one may like.
MIN_USERS = 50
# Narrower segments than of so many attributes have few users, and there are very many of them.
MAX_COMBINED = 3
# The service holds the list of each in memory, and looks through all of them; of more, the widest are kept.
MAX_SEGMENTS = 5_000

log = logging.getLogger("batch")


@dataclass(frozen=True)
class Segments:
    """The segments with enough users, the narrowest first, and the popular list of each."""

    names: list[str]  # as in a query string: `gender=F&age_group=25-34`
    attributes: list[dict[str, str]]
    users: list[int]  # how many each has
    segment_index: NDArray[np.int32]  # one element per entry of a list, by segment and rank
    rank: NDArray[np.int32]
    item_index: NDArray[np.int32]
    score: NDArray[np.float64]
    of_user: NDArray[np.int32]  # (users,), the narrowest segment that each is in; -1: none


def read_attributes(users: duckdb.DuckDBPyRelation, names: Sequence[str] = ()) -> pd.DataFrame:
    """Return one row per user, in the order of indices: the attributes, null for what is not known.

    The columns are the attributes of these names, `age` being `age_group`; without any, they are ATTRIBUTES.
    """
    columns: dict[str, duckdb.Expression] = {}
    for name in names or ATTRIBUTES:
        columns.setdefault(GROUPS.get(name, name), _values(name))
    ordered = users.order("user_id")
    attributes: pd.DataFrame = ordered.select(*(each.alias(name) for name, each in columns.items())).df()
    return attributes


def _values(name: str) -> duckdb.Expression:
    """Return the values of an attribute, as text."""
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    among_others = duckdb.FunctionExpression(
        "json_extract_string", duckdb.ColumnExpression("attributes"), duckdb.ConstantExpression(pointer)
    )
    column = GROUPS.get(name, name)
    if column not in ATTRIBUTES:
        return among_others
    return duckdb.CoalesceOperator(duckdb.ColumnExpression(column), among_others)


def segments(ratings: Interactions, attributes: pd.DataFrame, top_n: int) -> Segments:
    """Return the up to `top_n` movies that may be shown and are watched most lately in each segment.

    A rating weighs what it weighs in the popular list. Equal movies are in the order of ids.
    """
    weights = ratings.seen
    if attributes.notna().to_numpy().any():
        weights = ratings.matrix(recency_weight(ratings, HALF_LIFE).astype(np.float32))
    return segments_of(weights, attributes, np.ones(ratings.users, np.int64), ratings.is_hidden, top_n)


def segments_of(
    weights: sparse.csr_matrix,
    attributes: pd.DataFrame,
    people: NDArray[np.int64],
    is_hidden: NDArray[np.bool_],
    top_n: int,
) -> Segments:
    """Return the same from rows (rows, items) and (rows,) that stand for one user each, or several alike."""
    names: list[str] = []
    attributes_of_segments, sizes, lists = [], [], []
    of_user = np.full(len(people), -1, dtype=np.int32)
    for members, common in _kinds(attributes, people):
        of_user[members[of_user[members] < 0]] = len(names)
        names.append(urlencode(common, quote_via=quote, safe=""))
        attributes_of_segments.append(common)
        sizes.append(int(people[members].sum()))
        scores = np.asarray(weights[members].sum(axis=0, dtype=np.float64)).ravel()
        lists.append(most_watched(scores, is_hidden, top_n))
    lengths = [len(each.item_index) for each in lists]
    return Segments(
        names=names,
        attributes=attributes_of_segments,
        users=sizes,
        segment_index=np.repeat(np.arange(len(names), dtype=np.int32), lengths),
        rank=np.concatenate([np.arange(1, each + 1, dtype=np.int32) for each in (0, *lengths)]),
        item_index=np.concatenate([np.empty(0, np.int32), *(each.item_index for each in lists)]),
        score=np.concatenate([np.empty(0), *(each.score for each in lists)]),
        of_user=of_user,
    )


def _kinds(
    attributes: pd.DataFrame, people: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], dict[str, str]]]:
    """Yield the users of each segment that has enough of them, and what they have in common."""
    for names in _combinations(attributes, people):
        groups = attributes.groupby(list(names), observed=True, sort=True)
        for values, members in groups.indices.items():
            if people[members].sum() >= MIN_USERS:
                common = values if isinstance(values, tuple) else (values,)
                yield np.sort(members), dict(zip(names, map(str, common), strict=True))


def _combinations(attributes: pd.DataFrame, people: NDArray[np.int64]) -> list[tuple[str, ...]]:
    """Return of which attributes segments have values in common, most of them first."""
    widest_first = [
        names
        for count in range(1, min(len(attributes.columns), MAX_COMBINED) + 1)
        for names in combinations(attributes.columns, count)
    ]
    kept, found = [], 0
    # So many segments can't be.
    if people.sum() // MIN_USERS * len(widest_first) <= MAX_SEGMENTS:
        kept = widest_first
    for names in widest_first[len(kept) :]:
        users = pd.Series(people).groupby([attributes[name] for name in names], observed=True).sum()
        found += int((users >= MIN_USERS).sum())
        if found > MAX_SEGMENTS:
            log.warning(
                "there are more than %s segments of users, so there are none of %s, and none that are "
                "narrower; name fewer attributes under segments",
                f"{MAX_SEGMENTS:,}",
                " and ".join(names),
            )
            break
        kept.append(names)
    return sorted(kept, key=len, reverse=True)
