"""Hide: a film is in no list any more, of what is published and of later runs."""

from dataclasses import dataclass
from datetime import UTC, datetime

from batch.exclusions import read_exclusions, write_hidden
from batch.generations import shown_items
from batch.output import Output, Replacement
from batch.progress import Progress
from batch.rewrite import Change, Rewritten, prepare, rewrite
from batch.settings import Settings
from batch.workspace import connect


@dataclass(frozen=True)
class Hidden:
    """What was changed, and whether the list of hidden films had the film before."""

    was_hidden: bool
    published: str | None
    rewritten: Rewritten | None  # None: the published generation shows the film nowhere


def hide(output: Output, item_id: str, settings: Settings, progress: Progress) -> Hidden:
    """Publish the published generation anew with a film in no list, and have later runs hide it.

    So are films that were hidden before, and are shown again after a rollback.

    Raises RefusedError if no film would be left, or if what was written breaks a promise.
    """
    with output.locked():
        exclusions = read_exclusions(output.folder)
        current = output.published() if output.generations() else None
        hidden = exclusions.with_hidden(exclusions.hidden | {item_id})
        shown = shown_items(current, hidden.hidden) if current else []
        rewritten = None
        if current and shown:
            (new,) = output.new_ids([current.stem], datetime.now(UTC))
            draft = output.work / f"{new}.duckdb"
            with connect(output.work, settings) as connection, progress.step("hide") as step:
                prepare(connection)
                change = Change(f"hide {item_id}", hidden=shown)
                rewritten = rewrite(connection, current, draft, change)
                step.finds(f"{rewritten.lists_refilled:,} lists filled again")
        published = rewritten.after if rewritten else current.stem if current else None
        output.replace(
            Replacement(
                new=[rewritten.after] if rewritten else [],
                old=[],
                published=published if rewritten else None,
                taken_back=output.rolled_back(),
                records=write_hidden(hidden, output.work),
            )
        )
    return Hidden(item_id in exclusions.hidden, published, rewritten)


def show_again(output: Output, item_id: str) -> bool:
    """Let later runs show a film again; return whether it was hidden by command."""
    with output.locked():
        exclusions = read_exclusions(output.folder)
        shown = exclusions.with_hidden(exclusions.hidden - {item_id})
        records = write_hidden(shown, output.work)
        output.replace(Replacement([], [], None, output.rolled_back(), records))
    return item_id in exclusions.hidden
