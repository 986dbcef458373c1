"""Forget: a user is gone from every kept generation, and is held out by every later run."""

from dataclasses import dataclass, replace

import duckdb

from batch.data.exclusions import read_exclusions, write_forgotten
from batch.errors import BatchError, UsageError
from batch.generation.records import Replacement
from batch.generation.rewrite import Change, Rewritten, holds, prepare, rewrite
from batch.generation.rolled_back import rollbacks
from batch.generation.store import Output
from batch.runtime.database import connect
from batch.runtime.progress import Progress
from batch.settings import Settings


@dataclass(frozen=True)
class Forgotten:
    """What was removed from which generation, and whether the user was forgotten before."""

    was_forgotten: bool
    published: str | None  # id of the published generation
    generations: list[Rewritten]


def forget(
    output: Output, user_id: str, settings: Settings, progress: Progress, *, in_advance: bool = False
) -> Forgotten:
    """Write every kept generation anew without a user, if one holds anything of the user.

    From then on runs hold the user out. It is atomic, also if it is killed.

    Raises UsageError if no generation has anything of such a user, unless that is meant: `in_advance`.
    Raises BatchError if a generation is damaged, or of another version: what it has of the user would stay.
    """
    with output.locked():
        exclusions = read_exclusions(output.folder)
        was_forgotten = exclusions.is_forgotten(user_id)
        kept = output.generations()
        current = output.published().stem if kept else None
        change = Change("forget", user_id=user_id)
        with connect(output.work, settings) as connection, progress.step("forget") as step:
            prepare(connection, change)
            # Each file is looked into, so that a damaged one is found before anything is written.
            has_user = [_holds(connection, output, each) for each in kept]
            olds = kept if any(has_user) else []
            if not olds and not was_forgotten and not in_advance:
                raise UsageError(
                    f"no kept generation of {output.folder} has a user {user_id}, so nobody is forgotten; "
                    "compare the id with the input; if runs are to hold the user out, add --in-advance"
                )
            rewritten = rewrite(connection, output, olds, change, step)
        new_ids = {each.before: each.after for each in rewritten}
        output.replace(
            Replacement(
                new=[*new_ids.values()],
                old=[*new_ids],
                published=new_ids.get(current or ""),
                taken_back=[
                    replace(each, generation=new_ids.get(each.generation, each.generation))
                    for each in rollbacks(output)
                ],
                records=write_forgotten(exclusions.with_forgotten(user_id), output.work),
            )
        )
    return Forgotten(was_forgotten, new_ids.get(current or "", current), rewritten)


def _holds(connection: duckdb.DuckDBPyConnection, output: Output, generation: str) -> bool:
    file = output.file(generation)
    try:
        return holds(connection, file)
    except BatchError as error:
        raise BatchError(
            f"{file}: is damaged, or of another version, so what it has of the user would stay, and "
            "nothing is forgotten; remove the file (run first, if it is published), and forget again"
        ) from error
