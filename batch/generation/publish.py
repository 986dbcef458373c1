"""Publish: the checked file gets its name, and the link shows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from batch.generation.origin import against, origin_of_run, rollbacks
from sql import FOLDER, statement

if TYPE_CHECKING:
    from pathlib import Path

    from batch.data.clean import Counts
    from batch.generation.output_folder import Output
    from batch.generation.write import Draft
    from batch.settings import Settings

MACROS = tuple(sorted(file.stem for file in (FOLDER / "macros").glob("*.sql")))


@dataclass(frozen=True)
class Published:
    """What is published after a run, and what the steps of the run took."""

    generation: str
    file: Path
    counts: Counts
    seconds: dict[str, float]  # by step
    rows: dict[str, int]  # by step; of what, says `batch.runtime.step_table.ROWS_OF`
    peak_mb: dict[str, float]  # by step, in MiB
    is_new: bool  # False: there was nothing to do, it was published before
    catalogue_share: float | None = None  # of the rated movies; None: there was nothing to do


@dataclass(frozen=True)
class Provenance:
    """From what a generation was made, how and when."""

    settings: Settings
    fingerprint: str  # of the input
    exclusions: str  # digest of them
    counts: Counts
    started_at: datetime  # UTC
    seconds: dict[str, float]  # by step
    rows: dict[str, int]  # by step
    peak_mb: dict[str, float]  # by step, in MiB
    regressions: list[str]  # for which it would have been refused without `accept_regression`
    noun: tuple[str, str]  # what an item is called: one, several
    repeats: str  # `exclude` or `recommend`
    scale: tuple[float, float] | None  # of stars
    parts: dict[str, int]  # how many columns each part of the vectors has, in order


def publish(draft: Draft, output: Output, provenance: Provenance) -> str:
    """Publish a draft, and return the id of the new generation.

    The file gets its last table, what it is and where it comes from, and its macros, and is closed.
    """
    connection = draft.connection
    now = datetime.now(UTC)
    generation = output.new_id(provenance.fingerprint, now)
    origin = origin_of_run(provenance.fingerprint, provenance.settings, provenance.exclusions)
    connection.execute(
        statement("generation/generation"),
        {
            "id": generation,
            "started_at": provenance.started_at.replace(tzinfo=None),
            "finished_at": now.replace(tzinfo=None),
            "steps": list(provenance.seconds),
            "seconds": [round(value, 3) for value in provenance.seconds.values()],
            "peak_mb": [round(provenance.peak_mb[step], 1) for step in provenance.seconds],
            "counted_steps": list(provenance.rows),
            "rows": list(provenance.rows.values()),
            "fingerprint": provenance.fingerprint,
            "exclusions": provenance.exclusions,
            "top_n": provenance.settings.top_n,
            "settings": list(origin.settings),
            "setting_values": list(origin.settings.values()),
            "packages": list(origin.versions),
            "versions": list(origin.versions.values()),
            "overridden": provenance.regressions,
            "noun": list(provenance.noun),
            "repeats": provenance.repeats,
            "scale": provenance.scale and list(provenance.scale),
            "parts": list(provenance.parts),
            "columns": list(provenance.parts.values()),
            **asdict(provenance.counts),
        },
    )
    with connection.cursor() as cursor:
        # Macros name tables without the database, since it has another name for everybody who opens it.
        cursor.execute("use draft")
        for name in ("load/ids", *(f"macros/{macro}" for macro in MACROS)):
            cursor.execute(statement(name))
    connection.execute("checkpoint draft; detach draft")
    output.publish(draft.file, generation, [each.generation for each in against(rollbacks(output), origin)])
    return generation
