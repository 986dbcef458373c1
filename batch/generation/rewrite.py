"""Rewrite: a new file for a generation, without a user or with a movie that is in no list.

A file of a generation never changes, and a deleted row may stay in the free space of a database. So a new
file is filled, table by table: rows of the user go, ranks close up, and everything else is copied. A list
that loses a movie stays one shorter until the next run.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from batch.errors import RefusedError
from batch.generation.output_folder import Output
from batch.generation.reader import about, named_errors, open_generation
from batch.generation.verify import broken_invariants
from batch.generation.write import BLOCK_SIZE, DERIVED, STORAGE_VERSION
from batch.runtime.progress import Step
from sql import statement

# The statements of `sql/rewrite/` fill these. Everything else is copied.
LISTS = ("recommendations", "similar_items", "popular", "popular_by_segment", "lookups")
ITEMS_AND_COUNTS = ("items", "item_factors", "rejected_rows", "rating_counts", "segments", "generation")
# The name of `item_stats` in older versions.
OLD_ITEM_STATS = "viewers"
# Of the stars of older versions, which did not say it.
OLD_SCALE = (0.5, 5.0)


@dataclass(frozen=True)
class Change:
    """What the new file no longer has, and the command that makes it, for `generation.made_by`."""

    made_by: str
    user_id: str | None = None
    hidden_item_id: str | None = None


@dataclass(frozen=True)
class Rewritten:
    """What became of a generation."""

    before: str
    after: str
    rows_removed: dict[str, int]  # by table, if there are any
    unrated: list[str]  # movies that nobody else has rated


def prepare(connection: duckdb.DuckDBPyConnection, change: Change) -> None:
    """Make what the statements of `sql/rewrite/` need beside the files."""
    for name in ("load/ids", "load/macros", "load/weights"):
        connection.execute(statement(name))
    values = {"user_id": change.user_id, "item_id": change.hidden_item_id}
    connection.execute(statement("rewrite/change"), values)


def rewrite(
    connection: duckdb.DuckDBPyConnection, output: Output, generations: list[str], change: Change, step: Step
) -> list[Rewritten]:
    """Write new files for generations into the work folder, under new ids in the same order.

    Raises BatchError if a file is damaged, or of another version; RefusedError if no movie would be left to
    show, or if a new file breaks an invariant.
    """
    step.expect(len(generations), "generations")
    rewritten = []
    for before, after in zip(generations, output.new_ids(generations, datetime.now(UTC)), strict=True):
        file, draft = output.file(before), output.work / f"{after}.duckdb"
        with named_errors(file):
            open_generation(file).close()
            rewritten.append(_rewrite(connection, file, draft, change.made_by))
            _refuse_if_broken(connection, file, draft)
        step.advance()
    return rewritten


def attach_kept(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Attach a generation as `kept`, with a view of its input files, which older ones know by name alone."""
    connection.execute("attach $file as kept (read_only)", {"file": str(file)})
    if "input_files" in _tables_of_kept(connection):
        connection.table("kept.input_files").create_view("files_of_kept", replace=True)
    else:
        connection.execute(statement("rewrite/files_by_name"))
    generation = connection.table("kept.generation")
    (scale,) = (
        about(connection, "scale", table="kept.generation") if "scale" in generation.columns else (OLD_SCALE,)
    )
    for name, stars in zip(("lowest", "highest"), scale or (None, None), strict=True):
        connection.execute(f"set variable {name} = $stars", {"stars": stars})


def _rewrite(connection: duckdb.DuckDBPyConnection, file: Path, draft: Path, made_by: str) -> Rewritten:
    attach_kept(connection, file)
    connection.execute(
        "attach $file as draft (storage_version $version, block_size $block)",
        {"file": str(draft), "version": STORAGE_VERSION, "block": BLOCK_SIZE},
    )
    connection.execute("copy from database kept to draft (schema)")
    unrated = _fill(connection, draft.stem, made_by)
    if not len(connection.table("draft.popular")):
        raise RefusedError(
            f"{file}: this would leave no movie to show, so nothing has changed; to empty the service, stop "
            f"it and delete the whole output folder {file.parent.parent}"
        )
    fewer = {
        table: len(connection.table(f"kept.{table}")) - len(connection.table(f"draft.{table}"))
        for table in _tables_of_kept(connection)
    }
    connection.execute("checkpoint draft; detach draft; detach kept")
    removed = {table: rows for table, rows in fewer.items() if rows}
    return Rewritten(file.stem, draft.stem, removed, unrated)


def _fill(connection: duckdb.DuckDBPyConnection, generation: str, made_by: str) -> list[str]:
    """Fill every table of the attached `draft`; return the movies that nobody else has rated."""
    tables = _tables_of_kept(connection)
    if OLD_ITEM_STATS in tables:
        connection.execute(f"drop table draft.{OLD_ITEM_STATS}")
    others = {*LISTS, *ITEMS_AND_COUNTS, *DERIVED, OLD_ITEM_STATS}
    _copy(connection, [table for table in tables if table not in others])
    connection.execute(statement("rewrite/older"))
    unlisted = connection.execute(statement("rewrite/items")).fetchall()
    if unlisted:
        connection.execute(statement("rewrite/lists"))
    else:
        _copy(connection, LISTS)
    connection.execute(statement("rewrite/older_weights"))
    values = {"id": generation, "made_by": made_by, "removed": len(unlisted)}
    connection.execute(statement("rewrite/counts"), values)
    for table in DERIVED:
        connection.execute(f"drop table if exists draft.{table}")
        connection.execute(statement(f"generation/{table}"))
    return [item_id for item_id, is_unrated in unlisted if is_unrated]


def _copy(connection: duckdb.DuckDBPyConnection, tables: Collection[str]) -> None:
    """Copy tables, without the rows of the user."""
    for table in tables:
        rows = connection.table(f"kept.{table}")
        if "user_id" in rows.columns:
            rows = rows.filter("user_id is distinct from getvariable('change').user_id")
        rows.insert_into(f"draft.{table}")


def _tables_of_kept(connection: duckdb.DuckDBPyConnection) -> list[str]:
    tables = connection.table_function("duckdb_tables").filter("database_name = 'kept'")
    return [name for (name,) in tables.project("table_name").order("table_name").fetchall()]


def _refuse_if_broken(connection: duckdb.DuckDBPyConnection, file: Path, draft: Path) -> None:
    """Raise RefusedError if the draft breaks an invariant."""
    connection.execute("attach $file as draft (read_only)", {"file": str(draft)})
    broken = broken_invariants(connection)
    connection.execute("detach draft")
    if broken:
        raise RefusedError(
            f"{file}: nothing has changed, since in the new file {broken[0]}; if 'python -m batch verify "
            f"--generation {file.stem}' reports the same, version 0.5 or older published it: delete the file "
            "(if it is published, run with --rebuild first), and repeat the command; otherwise it is a bug: "
            "please report it"
        )
