"""Unchanged: whether a run would only repeat what is published."""

from dataclasses import fields
from pathlib import Path

import duckdb

from batch.data.clean import Counts
from batch.data.exclusions import Exclusions
from batch.errors import BatchError
from batch.generation.origin import Origin, origin_of_run, read_origin, refuse_what_was_rolled_back
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.reader import about, open_generation
from batch.runtime.progress import Progress
from batch.settings import Settings

# What stands before the blocks in a file of DuckDB.
_BYTES_OF_HEADERS = 3 * 4096


def up_to_date(
    output: Output, fingerprint: str, exclusions: Exclusions, settings: Settings, progress: Progress
) -> Published | None:
    """Return what is published if a run with these settings would only repeat it; None if not.

    Raises RefusedError if what a run would publish was rolled back.
    """
    file = None if settings.rebuild else output.current_file()
    origin = origin_of_run(fingerprint, settings, exclusions.digest)
    counts = unchanged(file, origin) if file else None
    if not file or not counts:
        if not settings.accept_rolled_back:
            refuse_what_was_rolled_back(output, origin)
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


def unchanged(published: Path, origin: Origin) -> Counts | None:
    """Return the counts of that file if it has that origin; None if not.

    None too if a command has changed it since, if it can't be opened, is cut short, or is of another version.
    Whether each block of it can be read is not checked: that would take as long as reading them all.
    """
    try:
        with open_generation(published) as connection:
            is_same = read_origin(connection) == origin
            counts = Counts(*about(connection, *(each.name for each in fields(Counts))))
            size = connection.table_function("pragma_database_size").project("total_blocks * block_size")
            ((bytes_of_blocks,),) = size.fetchall()
    except (BatchError, duckdb.Error):
        return None
    is_whole = published.stat().st_size >= _BYTES_OF_HEADERS + bytes_of_blocks
    return counts if is_whole and is_same else None
