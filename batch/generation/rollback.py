"""Rollback: an earlier generation is published again."""

import logging
from dataclasses import replace

from batch.data.exclusions import read_exclusions
from batch.errors import UsageError
from batch.generation.origin import against, blame, origin_of, rollbacks
from batch.generation.output_folder import Output
from batch.generation.reader import find_items, open_generation
from batch.generation.records import RolledBack

log = logging.getLogger("batch")


def rollback(output: Output, generation: str | None = None) -> tuple[str | None, str]:
    """Publish the generation before the current one, or the one named; return the old and the new id.

    Without a name, generations that were rolled back before are skipped; with one, the link may be lost,
    and then there is no old id. Later runs do not publish again what the newer ones were made from, unless
    `--accept-rolled-back` is given; see `batch/generation/origin.py`. A warning names movies that were hidden
    since and are shown again; another says that no input is blocked if a command made the generation.

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
        shown = [each["item_id"] for each in find_items(file, hidden) if each["is_shown"]] if hidden else []
        taken_back = _taken_back(output, target)
        command = _command_to_blame(output, current, target, taken_back)
        output.roll_back(target, taken_back)
    if shown:
        log.warning(
            "%s shows movies that are hidden: %s; take each out again by 'python -m batch hide ID'",
            target,
            ", ".join(shown),
        )
    if command:
        log.warning(
            "%s was made by %s, so the rollback does not block its input: the next run may publish it again",
            current,
            command,
        )
    return current, target


def _taken_back(output: Output, target: str) -> list[RolledBack]:
    """Return the records as they are once `target` is published; put back, its input is no longer bad."""
    instead = origin_of(output, target)
    left = {each.generation: each for each in rollbacks(output)}
    if left.pop(target, None) and instead:
        left = {name: each for name, each in left.items() if each.fingerprint != instead.fingerprint}
    for each in output.generations():
        if each > target and each not in left:
            left[each] = blame(each, origin_of(output, each), instead)
    return [*left.values()]


def _command_to_blame(
    output: Output, current: str | None, target: str, taken_back: list[RolledBack]
) -> str | None:
    """Return the command that made what is taken back, if a run of the same origin may still be published."""
    origin, instead = (origin_of(output, each) if each else None for each in (current, target))
    if origin is None or instead is None or current not in {each.generation for each in taken_back}:
        return None
    is_same = replace(origin, made_by=instead.made_by) == instead
    return None if origin.made_by == "run" or is_same or against(taken_back, origin) else origin.made_by


def before(output: Output, generation: str) -> str:
    """Return the newest one older than a generation, but for what was taken back; else raise UsageError."""
    taken_back = output.rolled_back()
    older = [each for each in output.generations() if each < generation and each not in taken_back]
    if not older:
        raise UsageError(f"{output.folder}: there is no generation before {generation} to go back to")
    return older[-1]
