"""Bounds: users and items in groups and blocks, and a bound of the scores of each block.

`topn.py` gives the inequality, and why rounding loses nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

ITEMS_PER_BLOCK = 1024


@dataclass(frozen=True)
class Block:
    """Movies that follow each other in the order of a group of users."""

    vectors: NDArray[np.float32]  # (width, columns of the group), scaled
    error: float  # bound of the rounding error of a product, for users of norm one
    norm_bound: NDArray[np.float64]  # (bounds,), the largest of each of `norm_bounds_of`


@dataclass(frozen=True)
class Group:
    """Users who have the same parts, and the movies in the order that serves them."""

    users: NDArray[np.int64]
    columns: NDArray[np.int64]  # what is not zero in their vectors
    parts: list[int]  # how many of these columns each part has
    order: NDArray[np.int32]  # (candidates,), the movies in the order of the blocks
    place: NDArray[np.int32]  # (items,), the place of each movie in that order; -1: no candidate
    vectors: NDArray[np.float32]  # (candidates, columns), in that order, not scaled
    blocks: list[Block]


def sliced(values: NDArray[np.int64], width: int) -> Iterator[NDArray[np.int64]]:
    """Return the values in pieces of this width; the last one may be shorter."""
    return (values[start : start + width] for start in range(0, len(values), width))


def groups(
    users: NDArray[np.float32],
    items: NDArray[np.float32],
    parts: list[int],
    seen: sparse.csr_matrix,
    candidates: NDArray[np.int32],
) -> Iterator[Group]:
    """Group users by which parts of their vectors are not zero; movies are sorted anew for each group.

    Who has seen much needs more blocks of movies: such users come first, and are in blocks of their own.
    """
    most_seen_first = np.argsort(-np.diff(seen.indptr), kind="stable")
    starts = np.cumsum([0, *parts[:-1]])
    has = np.stack(
        [(users[:, start : start + part] != 0).any(axis=1) for start, part in zip(starts, parts, strict=True)]
    )
    kinds, kind = np.unique(has, axis=1, return_inverse=True)
    scaled = _scaled(items[candidates], np.abs(items[candidates]).max(initial=0.0))
    for number, has_part in enumerate(kinds.T):
        members = most_seen_first[kind.ravel()[most_seen_first] == number]
        columns = np.flatnonzero(np.repeat(has_part, parts))
        own_parts = [part for part, is_own in zip(parts, has_part, strict=True) if is_own]
        vectors = scaled[:, columns]
        norm_bound = norm_bounds_of(vectors, own_parts, of_users=False)
        # Movies with a high bound for the mean of (some of) the users come first.
        some = users[members[:: max(1, len(members) // 1024)]][:, columns]
        typical = norm_bounds_of(scaled_rows(some), own_parts, of_users=True).mean(axis=0)
        order = np.argsort(-(norm_bound @ typical), kind="stable")
        place = np.full(len(items), -1, dtype=np.int32)
        place[candidates[order]] = np.arange(len(candidates))
        yield Group(
            users=members,
            columns=columns,
            parts=own_parts,
            order=candidates[order],
            place=place,
            vectors=items[candidates[order]].take(columns, axis=1),
            blocks=[
                Block(
                    vectors=np.ascontiguousarray(vectors[chosen]),
                    error=_rounding_error(vectors[chosen]),
                    norm_bound=norm_bound[chosen].max(axis=0),
                )
                for chosen in sliced(order, ITEMS_PER_BLOCK)
            ],
        )


def _scaled(vectors: NDArray[np.float32], largest: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide by the power of two that brings norms below one; `largest` has the largest values."""
    columns = np.frexp(np.sqrt(vectors.shape[1]))[1]
    return np.asarray(np.ldexp(vectors, -(np.frexp(largest)[1] + columns)), dtype=np.float32)


def scaled_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide each row by the power of two that brings its norm below one."""
    return _scaled(vectors, np.abs(vectors).max(axis=1, initial=0.0, keepdims=True))


def norm_bounds_of(vectors: NDArray[np.float32], parts: list[int], *, of_users: bool) -> NDArray[np.float64]:
    """Return (rows, bounds), not below zero for users: the inner product of two rows bounds the score."""
    norm_bounds = []
    start = 0
    for part in parts:
        own = vectors[:, start : start + part].astype(np.float64)
        if part == 1 and of_users:
            norm_bounds += [np.maximum(own[:, 0], 0), np.maximum(-own[:, 0], 0)]
        elif part == 1:
            norm_bounds += [own[:, 0], -own[:, 0]]
        else:
            norm_bounds.append(np.sqrt(np.einsum("rc,rc->r", own, own)))
        start += part
    return np.stack(norm_bounds, axis=1) if norm_bounds else np.zeros((len(vectors), 1))


def _rounding_error(vectors: NDArray[np.float32]) -> float:
    """Return how far a product with a user of norm one is off at most, and three last places more."""
    columns = vectors.shape[1] + 3
    norm = float(np.sqrt(np.einsum("rc,rc->r", vectors, vectors, dtype=np.float64).max(initial=0.0)))
    return float(columns * 2.0**-24 / (1 - columns * 2.0**-24) * norm)
