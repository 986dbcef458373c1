"""Score: the N best unseen movies of every user, over all pairs of users and movies, exactly.

Most pairs need no multiplication. Movies are sorted so that those which can score high come first, and taken
in blocks; users are taken in blocks too, so that the products of two blocks stay in cache. A user leaves
out each block of movies of which none can enter the list any more. What remains is one matrix product of the
users and movies of two blocks, in single precision, and one pass over it in compiled code: a heap holds the
N best scores of each user, whether a movie was seen is looked up only for scores that would enter it, and
what might be among the best is kept. At the end that little is multiplied again in double precision, and
sorted.

**The bound.** Vectors are made of parts. By Cauchy and Schwarz, part by part, with |.| the Euclidean norm,

    score(u, i) = sum over p of u_p . i_p  <=  sum over p of |u_p| |i_p|  <=  sum over p of |u_p| max |i_p|,

the last maximum over the movies i of one block. A part of a single column needs no norm: u i = max(u, 0) i +
max(-u, 0) (-i), and both maxima over a block are exact. If what stands on the right is below the N-th best
score found so far, no movie of the block can enter the list. With one part it is the bound of LEMP
(Teflioudi, Gemulla and Mykytiuk, SIGMOD 2015, section 3); that norms are per part is what makes it tight
for vectors like ours, where one part has many columns and says little. That blocks multiplied by BLAS beat
an index is what Abuzaid et al. found ("To Index or Not to Index", ICDE 2019). Users are grouped by which
parts they have at all, and a part that is zero is not multiplied.

**Why rounding loses nothing.** A product of n columns in single precision, summed in any order, is off by
at most e = n 2^-24 |u| |i| / (1 - n 2^-24) (Higham, Accuracy and Stability of Numerical Algorithms, 2002,
section 3.1). The heap is fed with p - e, a lower bound of the score; so its least value L is a lower bound
of the N-th best score. A movie with p + e < L can't be among the N best, and every other movie is kept. With
e goes a margin of two units in the last place, since scores are compared as they are published: rounded to
single precision. Vectors are multiplied after scaling by powers of two (exact), so nothing overflows on the
way.

If more movies than there is room for lie within e of each other (a thousand movies with one and the same
vector), the user is scored again over all movies in double precision: slow, rare, and the same list.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.model.weighted_parts import Model
from batch.recommend.bounds import ITEMS_PER_BLOCK, Group, groups, norm_bounds_of, scaled_rows, sliced
from batch.recommend.kernels import Kept, Seen, multiply, sift
from batch.runtime.threads import run_in_threads

# Vectors of both, their products and the heaps fit into the cache of a core.
USERS_PER_BLOCK = 384
# Movies that are kept for each user before those that have fallen behind are thrown out.
ROOM = 4
MIN_ROOM = 256
# Scaled scores are at most one for each part; this is more than the last place of single precision.
SLACK = 2.0**-20
SIGN = np.uint32(1 << 31)

Advance = Callable[[int], None]


@dataclass(frozen=True)
class TopN:
    """The lists of all users, as columns of equal length, ordered by user and rank."""

    user_index: NDArray[np.int32]
    rank: NDArray[np.int32]  # from 1
    item_index: NDArray[np.int32]
    score: NDArray[np.float32]


@dataclass(frozen=True)
class _Lists:
    """One row per user; the unused rest of a row is -1."""

    items: NDArray[np.int32]  # (users, length)
    scores: NDArray[np.float32]


def score(model: Model, top_n: int, advance: Advance = lambda _users: None) -> TopN:
    """Return, for each user, the `top_n` candidates not seen with the highest inner product.

    A user with fewer such movies gets them all. Equal scores are in the order of the items. `advance` is
    called with the number of users done since the last call.
    """
    return best(
        model.user_factors, model.item_factors, model.parts, model.seen, model.is_candidate, top_n, advance
    )


def best(  # noqa: PLR0913, PLR0917 (what a list is made from)
    users: NDArray[np.float32],
    items: NDArray[np.float32],
    parts: list[int],
    seen: sparse.csr_matrix,
    is_candidate: NDArray[np.bool_],
    top_n: int,
    advance: Advance = lambda _users: None,
) -> TopN:
    """Return the `top_n` best of the items for each user, who may be anything that has a vector.

    Shapes are (users, factors), (items, factors), (users, items) and (items,); `parts` says of how many
    columns each part of the vectors is. Vectors must be finite. The result does not depend on the number of
    threads.
    """
    users, items = np.ascontiguousarray(users, np.float32), np.ascontiguousarray(items, np.float32)
    candidates = np.flatnonzero(is_candidate).astype(np.int32)
    shape = len(users), min(top_n, len(candidates))
    lists = _Lists(np.full(shape, -1, np.int32), np.zeros(shape, np.float32))
    if shape[1]:
        run_in_threads(
            (
                partial(_score_block, users, group, chosen, seen, lists)
                for group in groups(users, items, parts, seen, candidates)
                for chosen in sliced(group.users, USERS_PER_BLOCK)
            ),
            advance,
        )
    return _as_columns(lists)


def _score_block(
    users: NDArray[np.float32],
    group: Group,
    chosen: NDArray[np.int64],
    seen: sparse.csr_matrix,
    lists: _Lists,
) -> int:
    """Fill the lists of some users of a group, and return how many they are."""
    # Row by row in memory, as `[:, columns]` would not be.
    vectors = users[chosen].take(group.columns, axis=1)
    kept = _sifted(vectors, group, seen[chosen], lists.items.shape[1])
    is_kept = (kept.scores >= kept.least[:, :1]) & (np.arange(kept.scores.shape[1]) < kept.counts[:, None])
    _rank(vectors, group, _left(kept.places, is_kept), chosen, lists)
    for row in np.flatnonzero(kept.counts < 0):
        seen_places = group.place[seen[[chosen[row]]].indices]
        unseen = np.setdiff1d(np.arange(len(group.order), dtype=np.int32), seen_places)
        _rank(vectors[[row]], group, unseen[None, :], chosen[[row]], lists)
    return len(chosen)


def _sifted(vectors: NDArray[np.float32], group: Group, seen: sparse.csr_matrix, top_n: int) -> Kept:
    """Return what may be among the best of each user, block by block of the movies."""
    scaled = scaled_rows(vectors)
    norm_bound = norm_bounds_of(scaled, group.parts, of_users=True)
    bounds = norm_bound @ np.stack([block.norm_bound for block in group.blocks], axis=1) + SLACK
    norms = np.sqrt(np.einsum("rc,rc->r", scaled, scaled, dtype=np.float64))
    # What is too small for single precision is lost on top, for each column.
    lost = scaled.shape[1] * 2.0**-148
    users, room = len(vectors), ROOM * top_n + MIN_ROOM
    kept = Kept(
        least=np.full((users, top_n), -np.inf, dtype=np.float32),
        places=np.empty((users, room), dtype=np.int32),
        scores=np.empty((users, room), dtype=np.float32),
        counts=np.zeros(users, dtype=np.int64),
    )
    seen_places = _seen_places(seen, group.place)
    # Memory that is used again is in cache; memory that is asked for anew must be cleared first.
    room_for_products = np.empty((users, ITEMS_PER_BLOCK), dtype=np.float32)
    for number, block in enumerate(group.blocks):
        active = np.flatnonzero(bounds[:, number] >= kept.least[:, 0])
        if len(active):
            width = len(block.vectors)
            products = room_for_products.ravel()[: len(active) * width].reshape(len(active), width)
            some = scaled if len(active) == users else scaled[active]
            np.matmul(some, block.vectors.T, out=products)
            errors = (norms * block.error + lost).astype(np.float32)
            sift(products, number * ITEMS_PER_BLOCK, errors, active, seen_places, kept)
    return kept


def _seen_places(seen: sparse.csr_matrix, place: NDArray[np.int32]) -> Seen:
    """Return the places of what each user has seen, rising in each row."""
    lengths = np.diff(seen.indptr).astype(np.int64)
    row = np.repeat(np.arange(len(lengths)), lengths)
    keys = (row << 32) + place[seen.indices]
    keys.sort()
    ends = np.cumsum(lengths)
    return Seen(places=keys - (row << 32), first=ends - lengths, last=ends)


def _left(values: NDArray[np.int32], keep: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return what is to be kept of each row, moved to the left and filled up with -1."""
    counts = keep.sum(axis=1)
    moved = np.full((len(values), max(counts.max(initial=0), 1)), -1, dtype=np.int32)
    moved[np.arange(moved.shape[1]) < counts[:, None]] = values[keep]
    return moved


def _rank(
    vectors: NDArray[np.float32],
    group: Group,
    found: NDArray[np.int32],
    users: NDArray[np.int64],
    lists: _Lists,
) -> None:
    """Fill the lists of users with the best of the places found for each, (users, any); -1: none.

    Score and item make one number, so that the rows are sorted by both in one go: the bits of a float, but
    for its sign, are in the order of the floats.
    """
    scores = np.zeros(found.shape, dtype=np.float32)
    multiply(vectors, group.vectors, found, scores)
    items = np.where(found < 0, -1, group.order[found]).astype(np.int32)
    bits = (scores + np.float32(0)).view(np.uint32)  # without the zero that is less than zero
    falling = np.where(bits >> 31, bits, ~(bits | SIGN))
    keys = (falling.astype(np.uint64) << 32) | items.view(np.uint32)
    keys[found < 0] = ~np.uint64(0)
    keys.sort(axis=1)
    keys = keys[:, : lists.items.shape[1]]
    falling = (keys >> 32).astype(np.uint32)
    bits = np.where(falling >> 31, falling, ~falling ^ SIGN)
    lists.items[users, : keys.shape[1]] = keys.astype(np.uint32).view(np.int32)
    lists.scores[users, : keys.shape[1]] = bits.view(np.float32)


def _as_columns(lists: _Lists) -> TopN:
    """Return the lists one below the other."""
    users, length = lists.items.shape
    is_there = lists.items >= 0
    ranks = np.broadcast_to(np.arange(1, length + 1, dtype=np.int32), (users, length))
    return TopN(
        user_index=np.repeat(np.arange(users, dtype=np.int32), is_there.sum(axis=1)),
        rank=ranks[is_there],
        item_index=lists.items[is_there],
        score=lists.scores[is_there],
    )
