"""Hide: a movie is removed from every list of the published generation and of later runs."""

from dataclasses import dataclass
from pathlib import Path

from batch.data.exclusions import read_exclusions, write_hidden
from batch.errors import UsageError
from batch.generation.output_folder import Output
from batch.generation.reader import find_items, similar_ids
from batch.generation.records import Transaction
from batch.generation.rewrite import Change, Rewritten, prepare, rewrite
from batch.runtime.database import connect
from batch.runtime.progress import Progress
from batch.settings import Settings


@dataclass(frozen=True)
class Hidden:
    """What was changed, and whether the list of hidden movies had the movie before."""

    title: str | None  # None: no movie of the published generation has the id
    was_hidden: bool
    published: str | None
    rewritten: Rewritten | None  # None: the published generation shows the movie nowhere


def hide(
    output: Output, item_id: str, settings: Settings, progress: Progress, *, in_advance: bool = False
) -> Hidden:
    """Rewrite the published generation with a movie in no list; later runs hide the movie too.

    Raises UsageError if no movie has the id, unless `in_advance`; RefusedError if no movie would be left, or
    if the new file breaks an invariant.
    """
    with output.locked():
        exclusions = read_exclusions(output.folder)
        was_hidden = item_id in exclusions.hidden
        current = output.published() if output.generations() or not in_advance else None
        found = find_items(current, [item_id]) if current else []
        if current and not found and not was_hidden and not in_advance:
            raise _unknown(current, item_id)
        rewritten = []
        if current and found and found[0]["is_shown"]:
            change = Change(f"hide {item_id}", hidden_item_id=item_id)
            with connect(output.work, settings) as connection, progress.step("hide") as step:
                prepare(connection, change)
                rewritten = rewrite(connection, output, [current.stem], change, step)
        new = [each.after for each in rewritten]
        published = new[0] if new else output.current()
        records = write_hidden(exclusions.with_hidden(exclusions.hidden | {item_id}), output.work)
        output.commit(Transaction(published, output.rollbacks(), new=new, records=records))
    title = found[0]["title"] if found else None
    return Hidden(title, was_hidden, published, rewritten[0] if rewritten else None)


def _unknown(file: Path, item_id: str) -> UsageError:
    """Return the error of an id that no movie has; it names similar ids."""
    similar = ", ".join(f"{each['item_id']} ({each['title']})" for each in similar_ids(file, item_id))
    return UsageError(
        f"no movie of {file.stem} has the id {item_id}, so nothing is hidden; "
        + (f"perhaps it is one of {similar}; " if similar else "")
        + "look for it by 'python -m batch sql find_films title=WORDS'; if it is to be hidden when it comes, "
        "add --in-advance"
    )


def show_again(output: Output, item_id: str) -> bool:
    """Let later runs show a movie again; return whether it was hidden by command."""
    with output.locked():
        exclusions = read_exclusions(output.folder)
        records = write_hidden(exclusions.with_hidden(exclusions.hidden - {item_id}), output.work)
        output.commit(Transaction(output.current(), output.rollbacks(), records=records))
    return item_id in exclusions.hidden
