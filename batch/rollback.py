"""Rollback: an earlier generation is published again."""

from batch.errors import UsageError
from batch.generations import open_generation
from batch.output import Output


def rollback(output: Output, generation: str | None = None) -> tuple[str | None, str]:
    """Publish the generation before the current one, or the one named; return the old and the new id.

    Without a name, generations that were taken back before are passed over; with one, the link may be lost,
    and then there is no old id. The inputs of all that are newer than the new one are not published again
    without `--force`. Raises UsageError if there is no such generation, BatchError if it is damaged,
    LockedError while a run is at work.
    """
    if generation is None or not output.generations():
        output.published()
    with output.locked():
        kept = output.generations()
        current = output.current()
        target = generation or _before(output, kept, output.published().stem)
        if target not in kept:
            raise UsageError(
                f"{output.folder}: has no generation {target}; 'python -m batch generations' lists them"
            )
        open_generation(output.file(target)).close()
        output.roll_back(target)
    return current, target


def _before(output: Output, kept: list[str], current: str) -> str:
    taken_back = output.rolled_back()
    older = [generation for generation in kept if generation < current and generation not in taken_back]
    if not older:
        raise UsageError(f"{output.folder}: there is no generation before {current} to go back to")
    return older[-1]
