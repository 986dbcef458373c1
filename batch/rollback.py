"""Rollback: an earlier generation is published again."""

import logging

from batch.errors import UsageError
from batch.exclusions import read_exclusions
from batch.generations import open_generation, shown_items
from batch.output import Output

log = logging.getLogger("batch")


def rollback(output: Output, generation: str | None = None) -> tuple[str | None, str]:
    """Publish the generation before the current one, or the one named; return the old and the new id.

    Without a name, generations that were taken back before are passed over; with one, the link may be lost,
    and then there is no old id. The inputs of all that are newer than the new one are not published again
    without `--force`. A warning names films that were hidden since, and are shown again.

    Raises UsageError if there is no such generation, BatchError if it is damaged,
    LockedError while a run is at work.
    """
    if generation is None or not output.generations():
        output.published()
    with output.locked():
        current = output.current()
        target = generation or before(output, output.published().stem)
        file = output.existing(target)
        open_generation(file).close()
        hidden = read_exclusions(output.folder).hidden
        shown = shown_items(file, hidden) if hidden else []
        output.roll_back(target)
    if shown:
        log.warning(
            "%s shows films that are hidden: %s; take them out again by 'python -m batch hide %s'",
            target,
            ", ".join(shown),
            shown[0],
        )
    return current, target


def before(output: Output, generation: str) -> str:
    """Return the newest one older than a generation, but for what was taken back; else raise UsageError."""
    taken_back = output.rolled_back()
    older = [each for each in output.generations() if each < generation and each not in taken_back]
    if not older:
        raise UsageError(f"{output.folder}: there is no generation before {generation} to go back to")
    return older[-1]
