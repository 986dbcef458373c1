"""Diff: what changed between two generations: in all lists, in that of one user, and in titles and genres."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from batch.errors import UsageError
from batch.generation.output_folder import Output
from batch.generation.reader import Noun, Row, about, attached, noun_of, rows_of
from batch.generation.rollback import before as generation_before
from batch.runtime.step_table import format_share

METADATA = ("titles", "years", "genres")


@dataclass(frozen=True)
class Diff:
    """What changed; rows are by column, as the statements in `sql/diff/` return them."""

    before: str
    after: str
    origins: Row  # from what the two were made
    lists: Row  # how many lists changed, and how much
    items: list[Row]  # that are in more lists than before, or in fewer
    metadata: Row  # of how many movies title, year or genres changed
    changed_items: list[Row]  # some of these movies
    noun: Noun  # of the items of `after`

    def summary(self) -> Iterator[str]:
        """Yield lines for people."""
        lists, origins = self.lists, self.origins
        yield f"from {'the same' if origins['is_same_input'] else 'another'} input"
        for what in ("settings", "versions"):
            if origins[what]:
                yield f"other {what}: {', '.join(origins[what])}"
        yield (
            f"users: {lists['users_before']:,} before, {lists['users_after']:,} after, "
            f"{lists['users_of_both']:,} both"
        )
        if lists["users_of_both"]:
            yield (
                f"lists changed: {lists['lists_changed']:,} ({lists['share_changed']:.1%}); "
                "overlap of the first ten "
                f"{lists['overlap_at_10']:.1%}, of whole lists {lists['overlap']:.1%}"
            )
        yield from self._changes_of_metadata()

    def _changes_of_metadata(self) -> Iterator[str]:
        found = self.metadata
        if found["items_before"] != found["items_after"]:
            yield f"{self.noun.several}: {found['items_before']:,} before, {found['items_after']:,} after"
        shares = [found["catalogue_share_before"], found["catalogue_share_after"]]
        if any(found[f"{what}_changed"] for what in METADATA):
            changes = ", ".join(f"{what} of {found[f'{what}_changed']:,}" for what in METADATA)
            yield f"metadata changed: {changes}, among {found['items_of_both']:,} {self.noun.several} of both"
        if None not in shares and shares[0] != shares[1]:
            before, after = map(format_share, shares)
            yield f"rated {self.noun.several} with a title: {before} before, {after} after"


@dataclass(frozen=True)
class DiffOfUser:
    """What entered or left the list of one user, and why."""

    before: str
    after: str
    user_id: str
    changes: list[Row]
    noun: Noun  # of the items of `after`

    def summary(self) -> Iterator[str]:
        """Yield lines for people."""
        entered = sum(row["change"] == "entered" for row in self.changes)
        yield (
            f"user {self.user_id}: {entered:,} {self.noun.several} entered the list, "
            f"and {len(self.changes) - entered:,} left it"
        )


def chosen(output: Output, older: str | None = None, newer: str | None = None) -> tuple[Path, Path]:
    """Return two generations to compare: by default the one before the published one, and the published one.

    Raises UsageError if there is none of that name, or none before.
    """
    after = output.existing(newer)
    try:
        before = older or generation_before(output, after.stem)
    except UsageError as error:
        reason = (
            "it is the only generation; publish another by 'python -m batch run' when the input has changed"
            if output.generations() == [after.stem]
            else "no older one is kept that was not rolled back; name two by 'python -m batch diff A B'"
        )
        raise UsageError(
            f"{output.folder}: there is nothing to compare {after.stem} with: {reason}"
        ) from error
    return output.existing(before), after


def diff(before: Path, after: Path, items: int) -> Diff:
    """Compare all lists, and what is known of movies.

    `items` is how many movies it names of those that rose most, of those that fell most, and of those
    described otherwise. Raises BatchError if a file is damaged, or of a version that can't be compared.
    """
    with attached(before=before, after=after) as connection:
        return Diff(
            before=before.stem,
            after=after.stem,
            origins=_origins(connection),
            lists=rows_of(connection, "diff/lists")[0],
            items=rows_of(connection, "diff/items", items=items),
            metadata=rows_of(connection, "diff/metadata")[0],
            changed_items=rows_of(connection, "diff/changed_items", items=items),
            noun=noun_of(connection, "after.generation"),
        )


def _origins(connection: duckdb.DuckDBPyConnection) -> Row:
    """Return whether both are from the same input, and the names of settings and versions that differ."""
    before, after = (
        about(connection, "fingerprint", "settings", "versions", table=f"{name}.generation")
        for name in ("before", "after")
    )
    settings, versions = (
        sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        for old, new in zip(before[1:], after[1:], strict=True)
    )
    return {"is_same_input": before[0] == after[0], "settings": settings, "versions": versions}


def diff_of_user(before: Path, after: Path, user_id: str) -> DiffOfUser:
    """Return what entered and left the list of one user. Raises UsageError if one does not know the user."""
    is_user = duckdb.ColumnExpression("user_id") == duckdb.ConstantExpression(user_id)
    with attached(before=before, after=after) as connection:
        unknown = [
            file.stem
            for name, file in (("before", before), ("after", after))
            if not len(connection.table(f"{name}.users").filter(is_user))
        ]
        if unknown:
            raise UsageError(
                f"user {user_id} has no list in {' and '.join(unknown)}: there is nothing to compare"
            )
        changes = rows_of(connection, "diff/entries_and_exits", user_id=user_id)
        noun = noun_of(connection, "after.generation")
    return DiffOfUser(before.stem, after.stem, user_id, changes, noun)
