"""Unchanged: whether a run would only make again what is published."""

from pathlib import Path

import duckdb

from batch.data.clean import Counts
from batch.data.exclusions import NO_EXCLUSIONS, Exclusions
from batch.errors import BatchError
from batch.generation.publish import Published
from batch.generation.reader import open_generation
from batch.generation.rolled_back import origin_of_run, refuse_what_was_rolled_back
from batch.generation.store import Output
from batch.generation.versions import versions
from batch.runtime.progress import Progress
from batch.settings import Settings, result_settings
from sql import statement

# What stands before the blocks in a file of DuckDB.
_BYTES_OF_HEADERS = 3 * 4096


def up_to_date(
    output: Output, fingerprint: str, exclusions: Exclusions, settings: Settings, progress: Progress
) -> Published | None:
    """Return what is published if it is of that input, and made as it would be now; None if not.

    Raises RefusedError if what would be made was rolled back.
    """
    file = None if settings.rebuild else output.current_file()
    counts = unchanged(file, fingerprint, settings, exclusions) if file else None
    if not file or not counts:
        if not settings.accept_rolled_back:
            refuse_what_was_rolled_back(output, origin_of_run(fingerprint, settings, exclusions.digest))
        return None
    return Published(
        generation=file.stem,
        file=file,
        counts=counts,
        seconds=progress.seconds,
        rows={},
        peak_mb=progress.peak_mb,
        is_new=False,
    )


def unchanged(
    published: Path, fingerprint: str, settings: Settings, exclusions: Exclusions = NO_EXCLUSIONS
) -> Counts | None:
    """Return the counts of that file if it is from the same input, settings and versions; None if not.

    The same must have been forgotten and hidden, too, and a run must have made it: what a command has changed
    since is made anew.

    A file that can't be opened, was cut short, or was written by another version is to be made anew. Whether
    each block of it can be read is not looked up: that would take as long as reading them all.
    """
    try:
        with open_generation(published) as connection:
            found = connection.execute(statement("generations/origin"))
            names, row = [column[0] for column in found.description or ()], found.fetchone()
    except (BatchError, duckdb.Error):
        return None
    if row is None:
        return None
    origin = dict(zip(names, row, strict=True))
    bytes_of_blocks = origin.pop("bytes_of_blocks")
    is_whole = published.stat().st_size >= _BYTES_OF_HEADERS + bytes_of_blocks
    made_of = [origin.pop(each) for each in ("made_by", "fingerprint", "exclusions", "settings", "versions")]
    is_same = made_of == [
        "run",
        fingerprint,
        exclusions.digest,
        result_settings(settings),
        versions(settings.engine),
    ]
    return Counts(**origin) if is_whole and is_same else None
