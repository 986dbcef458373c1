"""Kernels: the loops of `topn.py` as machine code."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from batch.runtime.jit import compiled, compiled_freely, compiled_inside

STRIDE = 64


class Seen(NamedTuple):
    """The places of what users have seen."""

    places: NDArray[np.int64]  # of one row after the other, rising; -1: of what is no candidate
    first: NDArray[np.int64]  # (rows,), where in them a row begins, or goes on
    last: NDArray[np.int64]  # (rows,), where it ends


class Kept(NamedTuple):
    """What may be among the best of each user."""

    least: NDArray[np.float32]  # (rows, top_n), heaps of lower bounds of the best scores, the least first
    places: NDArray[np.int32]  # (rows, room)
    scores: NDArray[np.float32]  # (rows, room), upper bounds
    counts: NDArray[np.int64]  # (rows,), how many are kept; -1: there was no room for them


@compiled
def sift(  # noqa: C901, PLR0913, PLR0917 (one pass over memory)
    products: NDArray[np.float32],  # (active, width)
    start: int,  # the place of the first movie
    errors: NDArray[np.float32],  # (rows,)
    active: NDArray[np.int64],  # the rows of which there are products
    seen: Seen,  # `first` is moved on
    kept: Kept,
) -> None:
    """Take from the products what may be among the best of a user."""
    width = products.shape[1]
    for row_of_product in range(len(active)):
        row = active[row_of_product]
        heap, count, error = kept.least[row], kept.counts[row], errors[row]
        places, scores = kept.places[row], kept.scores[row]
        next_seen, last_seen = seen.first[row], seen.last[row]
        limit = heap[0] - error
        for begin in range(0, width, STRIDE):
            end = min(begin + STRIDE, width)
            # Most strides hold nothing, which several products at a time are asked for.
            hits = 0
            for column in range(begin, end):
                hits += products[row_of_product, column] >= limit
            if hits == 0:
                continue
            for column in range(begin, end):
                product, place = products[row_of_product, column], start + column
                if product < limit or count < 0:
                    continue
                while next_seen < last_seen and seen.places[next_seen] < place:
                    next_seen += 1
                if next_seen < last_seen and seen.places[next_seen] == place:
                    continue
                if product - error > heap[0]:
                    _replace_least(heap, product - error)
                    limit = heap[0] - error
                if count == len(places):
                    count = _drop(places, scores, heap[0])
                if count == len(places):
                    # Whatever comes, this user is scored again: no further block needs a look.
                    count, heap[0] = -1, np.inf
                else:
                    scores[count] = product + error
                    places[count] = place
                    count += 1
        kept.counts[row], seen.first[row] = count, next_seen


@compiled_inside
def _drop(places: NDArray[np.int32], scores: NDArray[np.float32], least: np.float32) -> int:
    """Drop what has fallen behind; return how many are left, at the beginning."""
    count = 0
    for each in range(len(scores)):
        if scores[each] >= least:
            scores[count], places[count] = scores[each], places[each]
            count += 1
    return count


@compiled_inside
def _replace_least(heap: NDArray[np.float32], value: np.float32) -> None:
    """Put a value in the place of the least one of a heap, which stands first."""
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= len(heap):
            break
        if child + 1 < len(heap) and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[hole] = heap[child]
        hole = child
    heap[hole] = value


@compiled_freely
def multiply(
    users: NDArray[np.float32],  # (rows, columns)
    items: NDArray[np.float32],  # (places, columns)
    found: NDArray[np.int32],  # (rows, width), places; -1: none
    scores: NDArray[np.float32],  # (rows, width)
) -> None:
    """Fill in the scores of what was found, in double precision and then rounded.

    The same vectors give the same bits, wherever they stand.
    """
    for row in range(found.shape[0]):
        for number in range(found.shape[1]):
            place = found[row, number]
            if place >= 0:
                total = np.float64(0)
                for column in range(users.shape[1]):
                    total += np.float64(users[row, column]) * np.float64(items[place, column])
                scores[row, number] = total
