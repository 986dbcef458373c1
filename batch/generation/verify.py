"""Verify: whether a published file fulfils its invariants, and whether its lists are those of its vectors."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from batch.generation.check import INVARIANTS, violations
from batch.generation.reader import named_errors, open_generation
from batch.generation.stored import Stored, read_stored
from sql import statement

# Products in single precision differ in the last digits with the shape of what is multiplied at a time.
TOLERANCE = 1e-5
# Scores of so many users and all movies are held at a time.
USERS_AT_A_TIME = 256


@dataclass(frozen=True)
class Verified:
    """What was checked in a file, and a sentence for each thing that does not hold."""

    generation: str
    file: Path
    invariants: int  # how many were checked
    users: int  # whose lists were recomputed
    places: int  # in these lists
    violations: list[str]
    catalogue_share: float | None  # of the rated movies, those with a title; None: it was not measured


def verify(file: Path, users: int) -> Verified:
    """Check every invariant of a generation, and recompute the lists of some of its users; of all for 0.

    The users are chosen by hash, so they are the same every time. If the file breaks an invariant, no list is
    recomputed, since vectors may be missing. Raises BatchError if the file is damaged, or of another version.
    """
    with named_errors(file):
        # What does not fit into memory goes to a folder that anybody may write to: the output may be
        # another's.
        with (
            tempfile.TemporaryDirectory() as spill,
            duckdb.connect(config={"temp_directory": spill}) as connection,
        ):
            broken = broken_invariants(connection, file)
        checked, places, differences = (0, 0, list[str]()) if broken else _recomputed(file, users)
        share = _catalogue_share(file)
    return Verified(file.stem, file, len(INVARIANTS), checked, places, [*broken, *differences], share)


def _catalogue_share(file: Path) -> float | None:
    with open_generation(file) as connection:
        found = connection.execute(statement("verify/catalogue")).fetchone()
    return found[0] if found else None


def broken_invariants(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    """Return a sentence for each invariant that a generation breaks."""
    top_n, min_n = _depth(file)
    connection.execute("attach $file as draft (read_only)", {"file": str(file)})
    connection.execute(statement("verify/interactions"))
    try:
        return list(violations(connection, top_n, min_n))
    finally:
        connection.execute("drop view interactions; detach draft")


def _depth(file: Path) -> tuple[int, int]:
    """Return how long the lists of a generation are at most, and at least if there are enough movies."""
    with open_generation(file) as connection:
        ((top_n, min_n),) = connection.execute(statement("generations/depth")).fetchall()
    return top_n, min_n


def _recomputed(file: Path, users: int) -> tuple[int, int, list[str]]:
    """Return how many lists with how many places were recomputed, and a sentence for each that differs."""
    depth = _depth(file)
    with open_generation(file) as connection:
        (all_users,) = connection.execute(statement("generations/users")).fetchone() or (0,)
        connection.execute(statement("verify/chosen_users"), {"users": users or all_users})
        stored = read_stored(connection)
        lists = connection.execute(statement("verify/lists")).fetchnumpy()
    return len(stored.user_ids), len(lists["score"]), list(_differences(stored, lists, *depth))


def _differences(stored: Stored, lists: Any, top_n: int, min_n: int) -> Iterator[str]:
    """Yield a sentence for each user whose list is not what all products in double precision say."""
    items = stored.item_factors.astype(np.float64)
    ends = np.searchsorted(lists["user_index"], np.arange(len(stored.user_ids) + 1))
    for first in range(0, len(stored.user_ids), USERS_AT_A_TIME):
        some = slice(first, first + USERS_AT_A_TIME)
        scores = stored.user_factors[some].astype(np.float64) @ items.T
        scores[:, ~stored.is_candidate] = -np.inf
        scores[stored.seen[some].nonzero()] = -np.inf
        for user, of_user in enumerate(scores, start=first):
            entries = slice(ends[user], ends[user + 1])
            listed, listed_scores = lists["item_index"][entries], lists["score"][entries].astype(np.float64)
            difference = _difference(of_user, listed.astype(np.intp), listed_scores, top_n, min_n)
            if difference:
                yield f"the list of user {stored.user_ids[user]} is not that of the vectors: {difference}"


def _difference(
    scores: NDArray[np.float64],  # (items,), -inf for what must not be listed
    listed: NDArray[np.intp],
    listed_scores: NDArray[np.float64],
    top_n: int,
    min_n: int,
) -> str:
    """Return what is wrong with a list; nothing if only movies with the same score change places."""
    candidates = int(np.isfinite(scores).sum())
    if not min(min_n, candidates) <= len(listed) <= min(top_n, candidates):
        return f"it has {len(listed):,} movies, and should have {min(top_n, candidates):,}"
    best = -np.sort(-scores)[: len(listed)]
    recomputed = np.where(listed < 0, -np.inf, scores[listed])
    for what, expected in (("scores", recomputed), ("should score", best)):
        is_wrong = ~np.isclose(listed_scores, expected, rtol=TOLERANCE, atol=0)
        if is_wrong.any():
            first = int(np.argmax(is_wrong))
            return f"rank {first + 1} is given {listed_scores[first]:.6g}, and {what} {expected[first]:.6g}"
    return ""
