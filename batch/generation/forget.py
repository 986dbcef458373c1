"""Forget: a user is removed from every kept generation, and excluded from every later run."""

from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from batch.data.exclusions import read_exclusions, write_forgotten
from batch.errors import BatchError, UsageError
from batch.generation.origin import rollbacks
from batch.generation.output_folder import Output
from batch.generation.reader import named_errors, open_generation
from batch.generation.records import Transaction
from batch.generation.rewrite import Change, Rewritten, attach_kept, prepare, rewrite
from batch.runtime.database import connect
from batch.runtime.progress import Progress
from batch.settings import Settings
from sql import statement


@dataclass(frozen=True)
class Forgotten:
    """What was removed from which generation, and whether the user was forgotten before."""

    was_forgotten: bool
    published: str | None  # id of the published generation
    generations: list[Rewritten]


def forget(
    output: Output, user_id: str, settings: Settings, progress: Progress, *, in_advance: bool = False
) -> Forgotten:
    """Rewrite every kept generation without a user, if one has a row of the user.

    From then on runs exclude the user. It is atomic, also if it is killed.

    Raises UsageError if no generation has a row of the user, unless `in_advance`.
    Raises BatchError if a generation is damaged, or of another version: the user can't be removed.
    """
    with output.locked():
        exclusions = read_exclusions(output.folder)
        was_forgotten = exclusions.is_forgotten(user_id)
        kept = output.generations()
        current = output.published().stem if kept else None
        change = Change("forget", user_id=user_id)
        with connect(output.work, settings) as connection, progress.step("forget") as step:
            prepare(connection, change)
            # Every file is read, so that a damaged one is found before anything is written.
            has_user = [_has_user(connection, output.file(each)) for each in kept]
            olds = kept if any(has_user) else []
            if not olds and not was_forgotten and not in_advance:
                raise UsageError(
                    f"no kept generation of {output.folder} has a user {user_id}, so nobody is forgotten; "
                    "compare the id with the input; if runs are to exclude the user, add --in-advance"
                )
            rewritten = rewrite(connection, output, olds, change, step)
        new_ids = {each.before: each.after for each in rewritten}
        published = new_ids.get(current, current) if current else None
        output.commit(
            Transaction(
                published,
                taken_back=[
                    replace(each, generation=new_ids.get(each.generation, each.generation))
                    for each in rollbacks(output)
                ],
                new=[*new_ids.values()],
                old=[*new_ids],
                records=write_forgotten(exclusions.with_forgotten(user_id), output.work),
            )
        )
    return Forgotten(was_forgotten, published, rewritten)


def _has_user(connection: duckdb.DuckDBPyConnection, file: Path) -> bool:
    """Return whether a generation has a row of the user."""
    try:
        with named_errors(file):
            open_generation(file).close()
            attach_kept(connection, file)
            ((rows,),) = connection.execute(statement("rewrite/count_rows_of_user")).fetchall()
            connection.execute("detach kept")
    except BatchError as error:
        raise BatchError(
            f"{file}: is damaged, or of another version, so the user can't be removed from it, and nothing "
            "has changed; delete the file (if it is published, run the job first), and repeat the command"
        ) from error
    return bool(rows)
