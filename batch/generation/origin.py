"""Origin: from what a generation is made, and what a run must not publish again after a rollback.

A rollback blames what differs from the generation that is published instead: the input; if that is the same,
the settings; then the versions; then the exclusions. A generation that a command has made blames nothing: a
rollback of a `hide` or a `forget` undoes the command, and says nothing about the input.
"""

import platform
from dataclasses import dataclass
from importlib.metadata import version

import duckdb

from batch import __version__
from batch.errors import BatchError, RefusedError
from batch.generation.output_folder import Output
from batch.generation.reader import about, open_generation
from batch.generation.records import RolledBack
from batch.settings import Settings, result_settings

# In the order in which they are to blame, with the names of an origin and a record.
PARTS = ("fingerprint", "settings", "versions", "exclusions")
_PACKAGES = ("duckdb", "implicit", "numba", "numpy", "scipy")
_PACKAGES_OF = {"local": _PACKAGES, "spark": (*_PACKAGES, "pyspark")}


@dataclass(frozen=True)
class Origin:
    """By what a generation is made, and from what."""

    made_by: str  # `run`, or a command
    fingerprint: str  # of the input
    settings: dict[str, str]
    versions: dict[str, str]
    exclusions: str  # digest of them


def versions(engine: str = "local") -> dict[str, str]:
    """Return the version of this program, of Python and of the packages, by name; none is imported."""
    return {
        "batch": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES_OF[engine]},
    }


def origin_of_run(fingerprint: str, settings: Settings, exclusions: str) -> Origin:
    """Return the origin of what a run with these settings makes of that input."""
    return Origin("run", fingerprint, result_settings(settings), versions(settings.engine), exclusions)


def read_origin(connection: duckdb.DuckDBPyConnection) -> Origin:
    """Return the origin of an opened generation. Raises duckdb.Error if an older version wrote it."""
    return Origin(*about(connection, "made_by", *PARTS))


def origin_of(output: Output, generation: str) -> Origin | None:
    """Return the origin of a generation; None if it is not kept, is damaged, or of an older version."""
    try:
        with open_generation(output.file(generation)) as connection:
            return read_origin(connection)
    except (BatchError, duckdb.Error):
        return None


def rollbacks(output: Output) -> list[RolledBack]:
    """Return what was rolled back and why; what versions before 0.6 did not record is read from the files."""
    return [
        each if each.fingerprint else blame(each.generation, origin_of(output, each.generation), None)
        for each in output.rollbacks()
    ]


def blame(generation: str, origin: Origin | None, instead: Origin | None) -> RolledBack:
    """Return the record of a generation that is rolled back, when `instead` is published in its place."""
    if origin is None or origin.made_by != "run":
        return RolledBack(generation)
    blamed = {}
    for part in PARTS:
        blamed[part] = getattr(origin, part)
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

    The published generation does not count: a rollback of an older version may have died before it linked
    another.
    """
    for each in against(rollbacks(output), origin):
        if each.generation != output.current():
            *parts, last = ["input", *(part for part in PARTS[1:] if getattr(each, part) is not None)]
            blamed = f"{', '.join(parts)} and {last}" if parts else last
            raise RefusedError(
                f"not published: the same {blamed} made generation {each.generation}, which was "
                "rolled back; correct the cause, or run with --accept-rolled-back to publish anyway"
            )
