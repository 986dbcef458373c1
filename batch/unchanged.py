"""Unchanged: whether a run would only make again what is published.

It is looked up before the model and all that it needs are imported, which takes longer.
"""

from pathlib import Path

import duckdb

from batch.clean import Counts
from batch.errors import BatchError
from batch.exclusions import NO_EXCLUSIONS, Exclusions
from batch.generations import open_generation
from batch.settings import Settings, result_settings
from batch.versions import versions
from sql import statement

# What stands before the blocks in a file of DuckDB.
_BYTES_OF_HEADERS = 3 * 4096


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
