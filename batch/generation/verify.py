"""Verify: whether a published file fulfils its invariants, and whether its lists are those of its vectors."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from batch.generation.check import INVARIANTS, violations
from batch.generation.reader import about, attached, metrics_of, named_errors, open_generation
from batch.generation.verify_weights import weight_faults
from batch.recommend.new_items import merged
from batch.recommend.similar_items import directions
from batch.recommend.topn import TopN
from sql import statement

# Products in single precision differ in the last digits with the shape of what is multiplied at a time.
TOLERANCE = 1e-5
# Scores of so many users, or movies, and all movies are held at a time.
OWNERS_AT_A_TIME = 256


@dataclass(frozen=True)
class Verified:
    """What was checked in a file, and a sentence for each thing that does not hold."""

    generation: str
    file: Path
    invariants: int  # how many were checked
    users: int  # whose lists were recomputed
    places: int  # in these lists
    items: int  # whose lists of similar movies were recomputed
    similar_places: int  # in these lists
    violations: list[str]
    catalogue_share: float | None  # of the rated movies, those with a title; None: no file has titles


def verify(file: Path, users: int) -> Verified:
    """Check every invariant of a generation, and recompute the lists of some of its users; of all for 0.

    So are the similar movies of as many movies. Both are chosen by hash, so they are the same every time. If
    the file breaks an invariant, no list is recomputed, since vectors may be missing. Raises BatchError if
    the file is damaged, or of another version.
    """
    with attached(draft=file) as connection:
        broken = broken_invariants(connection)
    with open_generation(file) as connection, named_errors(file):
        metrics = metrics_of(connection) if _has_items(connection) else {}
        share = metrics.get(("catalogue_share", "published"))
        lists, similar = (_NOTHING, _NOTHING) if broken else _recomputed(connection, users)
    return Verified(
        file.stem,
        file,
        len(INVARIANTS),
        lists.owners,
        lists.places,
        similar.owners,
        similar.places,
        [*broken, *lists.differences, *similar.differences],
        share,
    )


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
            parts=_parts(connection, "draft.generation"),
            repeats=_repeats(connection, "draft.generation"),
            new_share=_new_share(connection, "draft.generation"),
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


def _new_share(connection: duckdb.DuckDBPyConnection, table: str = "generation") -> float:
    """Return which share of a list new movies may have. Lists of older versions had none."""
    (settings,) = about(connection, "settings", table=table)
    return float(settings.get("new_share", 0))


def _parts(connection: duckdb.DuckDBPyConnection, table: str = "generation") -> dict[str, int] | None:
    """Return how many columns each part of the vectors has; None if an older version does not say it."""
    if "parts" not in connection.table(table).columns:
        return None
    (parts,) = about(connection, "parts", table=table)
    return dict(parts)


class _Lists(NamedTuple):
    """Lists that are held against vectors."""

    of: str  # whose they are, for the sentence
    ids: NDArray[np.object_]  # (owners,)
    vectors: NDArray[np.float32]  # (owners, factors)
    has_list: NDArray[np.bool_]  # (owners,)
    excluded: sparse.csr_matrix  # (owners, items), what must not be listed
    entries: Any  # columns `index` of the owner, `item_index` and `score`, by owner and rank
    most: int  # how long a list is at most
    least: int  # how long it is at least, if there are enough movies
    new_share: float = 0.0  # of how many places new movies may take


class _Recomputed(NamedTuple):
    """How many lists with how many places were recomputed, and a sentence for each that differs."""

    owners: int
    places: int
    differences: list[str]


_NOTHING = _Recomputed(0, 0, [])


def _recomputed(connection: duckdb.DuckDBPyConnection, sample: int) -> tuple[_Recomputed, _Recomputed]:
    """Recompute lists of users and of movies, as many of both; all for 0."""
    users, items = about(connection, "users", "items")
    connection.execute(statement("verify/chosen"), {"users": sample or users})
    vectors = _columns(connection, "verify/item_factors")
    factors = np.stack(vectors["factors"])
    is_candidate, is_new = (vectors[name].astype(np.bool_) for name in ("is_candidate", "is_new"))
    of_users = _checked(_lists_of_users(connection, len(factors)), factors, is_candidate, is_new)
    # Older versions compared the collaborative factors alone.
    if "users" not in connection.table("item_factors").columns:
        return of_users, _NOTHING
    connection.execute(statement("verify/chosen_items"), {"items": sample or items})
    compared = _compared(connection, factors)
    similar = _lists_of_items(connection, compared)
    may_be_listed = is_candidate & ~is_new & compared.any(axis=1)
    of_items = _checked(similar, compared, may_be_listed, is_new)
    return of_users, of_items._replace(
        differences=[*of_items.differences, *_weight_faults(connection, factors)]
    )


def _columns(connection: duckdb.DuckDBPyConnection, name: str, **values: object) -> Any:
    return connection.execute(statement(name), values).fetchnumpy()


def _lists_of_users(connection: duckdb.DuckDBPyConnection, items: int) -> _Lists:
    users = _columns(connection, "verify/user_factors")
    seen = _columns(connection, "verify/seen", repeats=_repeats(connection))
    is_seen = sparse.csr_matrix(
        (np.ones(len(seen["user_index"]), dtype=np.bool_), (seen["user_index"], seen["item_index"])),
        shape=(len(users["user_id"]), items),
    )
    return _Lists(
        "user",
        users["user_id"],
        np.stack(users["factors"]),
        np.ones(len(users["user_id"]), dtype=np.bool_),
        is_seen,
        _columns(connection, "verify/lists"),
        *_depth(connection),
        _new_share(connection),
    )


def _lists_of_items(connection: duckdb.DuckDBPyConnection, compared: NDArray[np.float32]) -> _Lists:
    settings, rows = about(connection, "settings", "rows")
    chosen = connection.table("chosen_items").order("index").fetchnumpy()
    places = np.asarray(chosen["item_index"], np.intp)
    similar_n = int(settings["similar_n"])
    return _Lists(
        "movie",
        chosen["item_id"],
        compared[places],
        np.asarray(compared[places].any(axis=1), np.bool_),
        sparse.identity(len(compared), dtype=np.bool_, format="csr")[places],
        _columns(connection, "verify/similar_lists"),
        similar_n,
        similar_n - rows.get("removed", 0),
    )


def _compared(connection: duckdb.DuckDBPyConnection, factors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (items, any), the vectors whose inner products say which movies are similar."""
    (parts,) = about(connection, "parts")
    ends = dict(zip(parts, np.cumsum([*parts.values()]), strict=True))
    collaborative, genres = (
        factors[:, ends[name] - parts[name] : ends[name]] for name in ("collaborative", "genres")
    )
    return directions(collaborative, genres, _columns(connection, "verify/users_of_item")["users"])


def _weight_faults(connection: duckdb.DuckDBPyConnection, factors: NDArray[np.float32]) -> Iterator[str]:
    made_by, parts = about(connection, "made_by", "parts")
    others = np.repeat([name in {"sequential", "personal_trend"} for name in parts], [*parts.values()])
    return weight_faults(
        _columns(connection, "verify/weights"),
        connection.table("item_positions").order("item_index").fetchnumpy()["item_id"],
        np.asarray(factors[:, others].any(axis=1), np.bool_),
        is_of_run=made_by == "run",
    )


def _checked(
    lists: _Lists, items: NDArray[np.float32], is_candidate: NDArray[np.bool_], is_new: NDArray[np.bool_]
) -> _Recomputed:
    differences = list(_differences(lists, items.astype(np.float64), is_candidate, is_new))
    return _Recomputed(len(lists.ids), len(lists.entries["score"]), differences)


def _differences(
    lists: _Lists, items: NDArray[np.float64], is_candidate: NDArray[np.bool_], is_new: NDArray[np.bool_]
) -> Iterator[str]:
    """Yield a sentence for each list that is not what all products in double precision say."""
    entries = lists.entries
    ends = np.searchsorted(entries["index"], np.arange(len(lists.ids) + 1))
    for first in range(0, len(lists.ids), OWNERS_AT_A_TIME):
        some = slice(first, first + OWNERS_AT_A_TIME)
        scores = lists.vectors[some].astype(np.float64) @ items.T
        scores[:, ~is_candidate] = -np.inf
        scores[lists.excluded[some].nonzero()] = -np.inf
        scores[~lists.has_list[some]] = -np.inf
        for owner, of_owner in enumerate(scores, start=first):
            places = slice(ends[owner], ends[owner + 1])
            listed, listed_scores = entries["item_index"][places], entries["score"][places].astype(np.float64)
            depth = lists.most, lists.least
            difference = _difference_in_parts(
                of_owner, listed.astype(np.intp), listed_scores, is_new, depth, lists.new_share
            )
            if difference:
                yield (
                    f"the stored list of {lists.of} {lists.ids[owner]} differs from the recomputed list: "
                    f"{difference}"
                )


def _difference_in_parts(  # noqa: PLR0913, PLR0917 (what `_difference` takes, and what is new)
    scores: NDArray[np.float64],
    listed: NDArray[np.intp],
    listed_scores: NDArray[np.float64],
    is_new: NDArray[np.bool_],  # (items,)
    depth: tuple[int, int],
    new_share: float,
) -> str:
    """Return what is wrong with a list: with its other movies, its new ones, or how they are merged."""
    is_new_one = (listed >= 0) & is_new[listed]
    count = int(is_new_one.sum())
    others, new = (np.where(each, scores, -np.inf) for each in (~is_new, is_new))
    most, least = (length - count for length in depth)
    of_others = _difference(others, listed[~is_new_one], listed_scores[~is_new_one], most, least)
    of_new = _difference(new, listed[is_new_one], listed_scores[is_new_one], count, 0)
    if of_others or of_new or depth[0] > depth[1]:
        return of_others or of_new
    expected = _merged(listed_scores, is_new_one, new, new_share)
    is_wrong = expected != is_new_one
    if is_wrong.any():
        rank = int(np.argmax(is_wrong)) + 1
        return (
            f"at rank {rank} it has {'a new' if is_new_one[rank - 1] else 'no new'} movie, expected another"
        )
    return ""


def _merged(
    listed_scores: NDArray[np.float64], is_new_one: NDArray[np.bool_], new: NDArray[np.float64], share: float
) -> NDArray[np.bool_]:
    """Return which places should have a new movie, by the scores of a list and of all new movies (items,)."""
    # The best new movie that is not there may be there, if it is better by more than rounding.
    left = -np.sort(-new)[is_new_one.sum() :][:1]
    left = left[np.isfinite(left)] - TOLERANCE * np.abs(left[np.isfinite(left)])
    lists = (
        _as_list(listed_scores[~is_new_one], is_new=False),
        _as_list(np.concatenate([listed_scores[is_new_one], left]), is_new=True),
    )
    found = merged(*lists, users=1, top_n=len(listed_scores), share=share)
    return np.asarray(found.item_index == 1, dtype=np.bool_)


def _as_list(scores: NDArray[np.float64], *, is_new: bool) -> TopN:
    """Return a list whose items are numbers that say whether they are new."""
    nobody = np.zeros(len(scores), np.int32)
    return TopN(nobody, nobody, nobody + np.int32(is_new), scores.astype(np.float32))


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
