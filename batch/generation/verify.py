"""Verify: whether a published file fulfils its invariants, and whether its lists are those of its vectors."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.generation.check import INVARIANTS, violations
from batch.generation.reader import about, attached, metrics_of, named_errors, open_generation
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
    catalogue_share: float | None  # of the rated movies, those with a title; None: no file has titles


def verify(file: Path, users: int) -> Verified:
    """Check every invariant of a generation, and recompute the lists of some of its users; of all for 0.

    The users are chosen by hash, so they are the same every time. If the file breaks an invariant, no list is
    recomputed, since vectors may be missing. Raises BatchError if the file is damaged, or of another version.
    """
    with attached(draft=file) as connection:
        broken = broken_invariants(connection)
    with open_generation(file) as connection, named_errors(file):
        metrics = metrics_of(connection) if _has_items(connection) else {}
        share = metrics.get(("catalogue_share", "published"))
        checked, places, differences = (0, 0, list[str]()) if broken else _recomputed(connection, users)
    return Verified(file.stem, file, len(INVARIANTS), checked, places, [*broken, *differences], share)


def _has_items(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the input had a file of items; older generations always had one."""
    try:
        files = connection.table("input_files")
    except duckdb.CatalogException:
        return True
    return bool(len(files.filter("content = 'items'")))


def broken_invariants(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return a sentence for each invariant that the attached `draft` breaks, once it is complete."""
    connection.execute(statement("verify/interactions"))
    broken = list(
        violations(
            connection,
            *_depth(connection, "draft.generation"),
            repeats=_repeats(connection, "draft.generation"),
        )
    )
    connection.execute("drop view interactions")
    return broken


def _depth(connection: duckdb.DuckDBPyConnection, table: str = "generation") -> tuple[int, int]:
    """Return how long the lists are at most, and at least if there are enough movies.

    A command that takes movies out of lists leaves them shorter until the next run.
    """
    top_n, rows = about(connection, "top_n", "rows", table=table)
    return top_n, top_n - rows.get("removed", 0)


def _repeats(connection: duckdb.DuckDBPyConnection, table: str = "generation") -> bool:
    """Return whether what a user has had may be in the list. Older versions did not know of that."""
    if "repeats" not in connection.table(table).columns:
        return False
    (repeats,) = about(connection, "repeats", table=table)
    return bool(repeats == "recommend")


def _recomputed(connection: duckdb.DuckDBPyConnection, sample: int) -> tuple[int, int, list[str]]:
    """Return how many lists with how many places were recomputed, and a sentence for each that differs."""
    (all_users,) = about(connection, "users")
    connection.execute(statement("verify/chosen"), {"users": sample or all_users})

    def columns(name: str, **values: object) -> Any:
        return connection.execute(statement(name), values).fetchnumpy()

    users, lists = columns("verify/user_factors"), columns("verify/lists")
    seen = columns("verify/seen", repeats=_repeats(connection))
    stored = (users, columns("verify/item_factors"), seen, lists)
    differences = list(_differences(*stored, *_depth(connection)))
    return len(users["user_id"]), len(lists["score"]), differences


def _differences(  # noqa: PLR0913, PLR0917 (columns of four statements, and two lengths)
    users: Any, items: Any, seen: Any, lists: Any, top_n: int, min_n: int
) -> Iterator[str]:
    """Yield a sentence for each user whose list is not what all products in double precision say."""
    user_ids, user_factors = users["user_id"], np.stack(users["factors"])
    item_factors = np.stack(items["factors"]).astype(np.float64)
    is_candidate = items["is_candidate"].astype(np.bool_)
    is_seen = sparse.csr_matrix(
        (np.ones(len(seen["user_index"]), dtype=np.bool_), (seen["user_index"], seen["item_index"])),
        shape=(len(user_factors), len(item_factors)),
    )
    ends = np.searchsorted(lists["user_index"], np.arange(len(user_ids) + 1))
    for first in range(0, len(user_ids), USERS_AT_A_TIME):
        some = slice(first, first + USERS_AT_A_TIME)
        scores = user_factors[some].astype(np.float64) @ item_factors.T
        scores[:, ~is_candidate] = -np.inf
        scores[is_seen[some].nonzero()] = -np.inf
        for user, of_user in enumerate(scores, start=first):
            entries = slice(ends[user], ends[user + 1])
            listed, listed_scores = lists["item_index"][entries], lists["score"][entries].astype(np.float64)
            difference = _difference(of_user, listed.astype(np.intp), listed_scores, top_n, min_n)
            if difference:
                user_id = user_ids[user]
                yield f"the stored list of user {user_id} differs from the recomputed list: {difference}"


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
        return f"it has {len(listed):,} movies, expected {min(top_n, candidates):,}"
    best = -np.sort(-scores)[: len(listed)]
    recomputed = np.where(listed < 0, -np.inf, scores[listed])
    for what, expected in (("but this movie scores", recomputed), ("expected", best)):
        is_wrong = ~np.isclose(listed_scores, expected, rtol=TOLERANCE, atol=0)
        if is_wrong.any():
            first = int(np.argmax(is_wrong))
            stored = f"at rank {first + 1} the stored score is {listed_scores[first]:.6g}"
            return f"{stored}, {what} {expected[first]:.6g}"
    return ""
