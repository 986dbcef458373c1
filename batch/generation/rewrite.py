"""Rewrite: a generation written anew, without a user or with a movie that is in no list.

A file of a generation never changes, and what is deleted in a database may stay in its file. So a new file is
made, table by table: `sql/rewrite/` has a statement for each table that is not just copied, or copied without
the rows of a user, or made of other tables of the new file as a run makes it. Where movies leave the lists,
lists are filled again from the stored vectors by the scorer of a run (`sql/rewrite/lists/`).
"""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from batch.errors import RefusedError
from batch.generation.check import violations
from batch.generation.reader import faults_named, open_generation
from batch.generation.stored import Stored, read_stored
from batch.generation.write import BLOCK_SIZE, STORAGE_VERSION
from batch.recommend.popular import HALF_LIFE
from batch.recommend.similar_items import similar
from batch.recommend.topn import TopN, best
from sql import FOLDER, named, statement

# Made of other tables alone: the last statement that makes them in a run makes them here.
DERIVED = frozenset({"rows_by_rule", "viewers"})


@dataclass(frozen=True)
class Change:
    """What the new file has no longer, and the command that wants it so, as `generation.made_by` tells it."""

    made_by: str
    users: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rewritten:
    """What became of a generation."""

    before: str
    after: str
    rows_removed: dict[str, int]  # by table; those without any are left out
    lists_refilled: int
    unrated: list[str]  # movies that nobody is left to have rated


@dataclass(frozen=True)
class _Refill:
    """Lists without the movies that leave them."""

    unrated: list[str]
    users: pd.DataFrame  # whose lists they are
    lists: pd.DataFrame
    similar: pd.DataFrame


def holds(connection: duckdb.DuckDBPyConnection, file: Path, users: list[str]) -> bool:
    """Return whether a generation has a row of one of these users. Raises BatchError if it can't be told."""
    with faults_named(file):
        open_generation(file).close()
        connection.execute("attach $file as kept (read_only)", {"file": str(file)})
        try:
            ((rows,),) = connection.execute(statement("rewrite/holds"), {"user_ids": users}).fetchall()
        finally:
            connection.execute("detach kept")
    return bool(rows)


def rewrite(connection: duckdb.DuckDBPyConnection, file: Path, draft: Path, change: Change) -> Rewritten:
    """Write the changed generation into a new file, whose name is its id.

    `prepare` must have been called for the connection. Raises BatchError if the file is damaged, or was
    written by another version; RefusedError if no movie would be left to be shown, or a promise was broken.
    """
    with faults_named(file):
        refill = _refill(file, change)
        connection.execute("attach $file as kept (read_only)", {"file": str(file)})
        connection.execute(
            "attach $file as draft (storage_version $version, block_size $block)",
            {"file": str(draft), "version": STORAGE_VERSION, "block": BLOCK_SIZE},
        )
        connection.execute("copy from database kept to draft (schema)")
        removed = _fill(connection, draft.stem, change, refill)
        _refuse_if_broken(connection, file)
        connection.execute("checkpoint draft; detach draft; detach kept")
    return Rewritten(
        file.stem, draft.stem, removed, len(refill.users) if refill else 0, refill.unrated if refill else []
    )


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make what the statements of `sql/rewrite/` need beside the files."""
    for name in ("load/ids", "load/macros", "rewrite/macros"):
        connection.execute(statement(name))


def _fill(
    connection: duckdb.DuckDBPyConnection, generation: str, change: Change, refill: _Refill | None
) -> dict[str, int]:
    """Fill every table of the attached `draft`; return how many rows fewer each has than it had."""
    connection.execute(statement("rewrite/gone_users"), {"user_ids": change.users})
    unrated = refill.unrated if refill else []
    connection.execute(statement("rewrite/gone_items"), {"hidden": change.hidden, "unrated": unrated})
    ((top_n,),) = connection.execute("select top_n from kept.generation").fetchall()
    values = {"id": generation, "made_by": change.made_by, "top_n": top_n, "half_life": HALF_LIFE}
    if refill:
        connection.register("refilled_users", refill.users)
        connection.register("refilled", refill.lists)
        connection.register("refilled_similar", refill.similar)
    removed = {}
    for table, is_of_users in connection.execute(statement("rewrite/tables")).fetchall():
        name = _statement_for(table, refilled=refill is not None)
        if table in DERIVED:
            connection.execute(duckdb.extract_statements(statement(f"generation/{table}"))[-1])
        elif name:
            connection.execute(statement(name), named(name, values))
        else:
            rows = connection.table(f"kept.{table}")
            for user_id in change.users if is_of_users else []:
                rows = rows.filter(duckdb.ColumnExpression("user_id") != duckdb.ConstantExpression(user_id))
            rows.insert_into(f"draft.{table}")
        before, after = (len(connection.table(f"{each}.{table}")) for each in ("kept", "draft"))
        if before != after:
            removed[table] = before - after
    for name in ("refilled_users", "refilled", "refilled_similar") if refill else ():
        connection.unregister(name)
    return removed


def _refuse_if_broken(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Raise RefusedError if the draft breaks an invariant."""
    connection.execute(statement("verify/ratings"))
    ((top_n,),) = connection.execute("select top_n from draft.generation").fetchall()
    broken = next(violations(connection, top_n), None)
    connection.execute("drop view ratings")
    if broken:
        raise RefusedError(
            f"{file}: nothing has changed, since without that {broken}; if 'python -m batch verify "
            f"--generation {file.stem}' finds the same, a version before 0.6 has published it by --force: "
            "remove the file (if it is published, run with --rebuild first), and repeat the command; "
            "else it is a bug: please report it"
        )


def _statement_for(table: str, *, refilled: bool) -> str | None:
    """Return the name of the statement that fills a table; None if it is copied."""
    for name in (f"rewrite/lists/{table}", f"rewrite/{table}") if refilled else (f"rewrite/{table}",):
        if (FOLDER / f"{name}.sql").exists():
            return name
    return None


def _refill(file: Path, change: Change) -> _Refill | None:
    """Score again what has to be, if movies leave the lists."""
    with open_generation(file) as connection:
        found = connection.execute(statement("rewrite/unrated_items"), {"user_ids": change.users})
        unrated = [item_id for (item_id,) in found.fetchall()]
        gone = [*change.hidden, *unrated]
        if not gone:
            return None
        connection.execute(statement("rewrite/chosen_users"), {"item_ids": gone, "user_ids": change.users})
        stored = read_stored(connection)
        ((top_n, factors, similar_n),) = connection.execute(statement("generations/depth")).fetchall()
    is_candidate = stored.is_candidate & ~np.isin(stored.item_ids, gone)
    if not is_candidate.any():
        raise RefusedError(
            f"{file}: no movie would be left to be shown, so nothing has changed; if that is meant, remove "
            f"{file.parent} and what is beside it"
        )
    is_rated = ~np.isin(stored.item_ids, unrated)
    item_ids = stored.item_ids[is_rated]
    collaborative = np.ascontiguousarray(stored.item_factors[is_rated, :factors])
    alike = similar(collaborative, is_candidate[is_rated], similar_n)
    return _Refill(
        unrated,
        pd.DataFrame({"user_id": stored.user_ids}, dtype=str),
        _frame(
            _lists(stored, is_candidate, factors, top_n),
            "user_id",
            stored.user_ids,
            "item_id",
            stored.item_ids,
        ),
        _frame(alike, "item_id", item_ids, "similar_item_id", item_ids),
    )


def _lists(stored: Stored, is_candidate: NDArray[np.bool_], factors: int, top_n: int) -> TopN:
    """Score as a run does. How the parts behind the taste are divided changes the pace, and no list."""
    if not len(stored.user_ids):
        none = np.zeros(0, dtype=np.int32)
        return TopN(none, none, none, none.astype(np.float32))
    parts = [factors, stored.item_factors.shape[1] - factors]
    return best(stored.user_factors, stored.item_factors, parts, stored.seen, is_candidate, top_n)


def _frame(
    lists: TopN,
    owner: str,
    owners: NDArray[np.object_],
    listed: str,
    items: NDArray[np.object_],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            owner: pd.Categorical.from_codes(lists.user_index, pd.Index(owners, dtype=str)),
            "rank": lists.rank,
            listed: pd.Categorical.from_codes(lists.item_index, pd.Index(items, dtype=str)),
            "score": lists.score,
        }
    )
