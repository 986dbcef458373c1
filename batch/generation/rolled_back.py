"""Rolled back: what a run must not publish again.

To blame is what differs from the generation that is published instead: the input; if that is the same, the
settings; then the versions; then the exclusions. A generation that a command has made blames nothing: going
back behind a `hide` or a `forget` undoes the command, and says nothing about the input.
"""

from dataclasses import dataclass

import duckdb

from batch.errors import BatchError, RefusedError
from batch.generation.reader import open_generation
from batch.generation.records import RolledBack
from batch.generation.store import Output
from batch.generation.versions import versions
from batch.settings import Settings, result_settings
from sql import statement

# In the order in which they are to blame, with the names of an origin and a record.
PARTS = ("fingerprint", "settings", "versions", "exclusions")


@dataclass(frozen=True)
class Origin:
    """By what a generation is made, and from what."""

    made_by: str  # `run`, or a command
    fingerprint: str  # of the input
    settings: dict[str, str]
    versions: dict[str, str]
    exclusions: str  # digest of them


def origin_of_run(fingerprint: str, settings: Settings, exclusions: str) -> Origin:
    """Return the origin of what a run with these settings makes of that input."""
    return Origin("run", fingerprint, result_settings(settings), versions(settings.engine), exclusions)


def origin_of(output: Output, generation: str) -> Origin | None:
    """Return the origin of a generation; None if it is not kept, is damaged, or of an older version."""
    try:
        with open_generation(output.file(generation)) as connection:
            ((made_by, *made_from),) = connection.execute(statement("generations/made_from")).fetchall()
    except (BatchError, duckdb.Error):
        return None
    return Origin(made_by, *made_from)


def rollbacks(output: Output) -> list[RolledBack]:
    """Return what was rolled back and why; what versions before 0.6 did not record is read from the files."""
    return [
        each if each.fingerprint else blame(each.generation, origin_of(output, each.generation), None)
        for each in output.rollbacks()
    ]


def blame(generation: str, made: Origin | None, instead: Origin | None) -> RolledBack:
    """Return the record of a generation that is rolled back, when `instead` is published in its place."""
    if made is None or made.made_by != "run":
        return RolledBack(generation)
    blamed = {}
    for part in PARTS:
        blamed[part] = getattr(made, part)
        if instead is None or getattr(instead, part) != blamed[part]:
            break
    return RolledBack(generation, **blamed)


def against(rolled_back: list[RolledBack], origin: Origin) -> list[RolledBack]:
    """Return the records that keep a generation of that origin from being published."""
    return [
        each
        for each in rolled_back
        if each.fingerprint and all(getattr(each, part) in (None, getattr(origin, part)) for part in PARTS)
    ]


def refuse_what_was_rolled_back(output: Output, origin: Origin) -> None:
    """Raise RefusedError if a generation of that origin was rolled back.

    The published generation does not count: its rollback died before it could link another.
    """
    for each in against(rollbacks(output), origin):
        if each.generation != output.current():
            raise RefusedError(
                f"not published: the same {_blamed(each)} made generation {each.generation}, which was "
                "rolled back; correct the cause, or run with --accept-rolled-back to publish anyway"
            )


def _blamed(each: RolledBack) -> str:
    parts = ["input", *(part for part in PARTS[1:] if getattr(each, part) is not None)]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
