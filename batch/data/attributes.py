"""Attributes: what the input says of movies and of users, as columns of numbers from which a model can learn.

A word is a column of its own: 1 for those that have it. Of numbers, such as years, each column is 1 from
a limit on, and the limits part the movies into tenths: so a number above any before is as the highest was.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.data.json_columns import flattened

# A word that fewer rated movies, or users, have says nothing of others.
MIN_ITEMS = 5
# Of more words, the most frequent are taken.
MAX_WORDS = 500
LIMITS = np.linspace(0, 0.9, 10)


def read_item_attributes(indexed: duckdb.DuckDBPyRelation) -> sparse.csr_matrix:
    """Return (items, columns) of movies in the order of their indices."""
    is_rated = np.asarray(indexed.project("ratings > 0 as is_rated").fetchnumpy()["is_rated"], np.bool_)
    return attribute_columns(read_values(indexed), is_rated)


def read_user_attributes(users: duckdb.DuckDBPyRelation) -> sparse.csr_matrix | None:
    """Return (users, columns) of users in the order of their indices; None if nothing is known of them."""
    names = ("gender", "age_group", "occupation")
    found = users.project(f"{', '.join(names)}, cast(attributes as varchar) as attributes").fetchall()
    values = [[*zip(names, known, strict=True), *_others(attributes)] for *known, attributes in found]
    whole = [[(name, each) for name, value in of_user for each in _each(value)] for of_user in values]
    columns = attribute_columns(whole, np.ones(len(whole), dtype=np.bool_))
    return columns if columns.shape[1] else None


def read_values(items: duckdb.DuckDBPyRelation) -> list[list[tuple[str, Any]]]:
    """Return what is known of each movie: names and values, some of them several times."""
    found = items.project("genres, year, cast(attributes as varchar) as attributes").fetchall()
    return [_values(*row) for row in found]


def _values(genres: list[str], year: int | None, attributes: str) -> list[tuple[str, Any]]:
    values = [("genres", genres), ("year", year), *_others(attributes)]
    return [(name, each) for name, value in values for each in _each(value)]


def _others(attributes: str) -> list[tuple[str, Any]]:
    """Return the names and values of an object of JSON."""
    found = () if attributes == "{}" else flattened(json.loads(attributes))
    return [(".".join(path), value) for path, value in found]


def _each(value: Any) -> Iterator[Any]:
    """Yield the words and numbers of a value, which may be a list of them."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, bool) or (isinstance(each, str) and each):
            yield str(each)
        elif isinstance(each, int | float) and np.isfinite(each):
            yield float(each)


def attribute_columns(values: list[list[tuple[str, Any]]], is_rated: NDArray[np.bool_]) -> sparse.csr_matrix:
    """Return (items, columns) from the names and values of each movie, floats and words.

    Which words and limits are columns is decided by the rated movies, (items,).
    """
    words: dict[tuple[str, str], list[int]] = defaultdict(list)
    numbers: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for item, of_item in enumerate(values):
        for name, value in dict.fromkeys(of_item):
            if isinstance(value, str):
                words[name, value].append(item)
            else:
                numbers[name].append((item, value))
    counts = {word: int(is_rated[items].sum()) for word, items in words.items()}
    frequent = sorted(
        (word for word in words if counts[word] >= MIN_ITEMS), key=lambda word: (-counts[word], word)
    )
    columns = [np.array(words[word]) for word in sorted(frequent[:MAX_WORDS])]
    for name in sorted(numbers):
        items, amounts = (np.array(each) for each in zip(*numbers[name], strict=True))
        rated = amounts[is_rated[items]]
        limits = np.unique(np.quantile(rated, LIMITS)) if len(rated) else rated
        columns += [items[amounts >= limit] for limit in limits]
    return _indicators(columns, len(values))


def _indicators(columns: list[NDArray[np.int64]], items: int) -> sparse.csr_matrix:
    item = np.concatenate([np.empty(0, np.int64), *columns])
    column = np.repeat(np.arange(len(columns)), [len(each) for each in columns])
    return sparse.csr_matrix((np.ones(len(item), np.float32), (item, column)), (items, len(columns)))
