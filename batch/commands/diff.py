"""Diff: what changed between two generations."""

import logging
from dataclasses import asdict
from pathlib import Path

import click

from batch.commands.options import Id, json_option, option, own_option
from batch.commands.printing import is_terminal, print_json, print_table, print_verdict
from batch.generation.diff import Diff, DiffOfUser, chosen, diff as diff_of_lists, diff_of_user
from batch.generation.output_folder import Output
from batch.generation.query import Answer
from batch.generation.reader import Row
from batch.runtime.progress import log_to_stderr

log = logging.getLogger("batch")


# The variable USER is there already, with another meaning; so the option has a longer name, too.
@click.command()
@click.argument("older", required=False, metavar="[A]")
@click.argument("newer", required=False, metavar="[B]")
@click.option(
    "--user-id",
    "--user",
    "user",
    envvar="USER_ID",
    show_envvar=True,
    metavar="ID",
    type=Id(),
    help="Show what entered and left the list of this user, and why.",
)
@own_option(
    "items",
    "Number of movies to name: in more lists, in fewer lists, and with a changed description.",
    type=click.IntRange(min=0),
    default=10,
)
@own_option("films", "Old name of --items; the next version removes it.", type=click.IntRange(min=0))
@option("output")
@json_option
def diff(  # noqa: PLR0913, PLR0917 (click passes each option by name)
    older: str | None,
    newer: str | None,
    user: str | None,
    items: int,
    films: int | None,
    output: Path,
    as_json: bool,
) -> None:
    """Compare the generations A and B: lists, movies in more or fewer lists, and descriptions of movies.

    By default, B is the published generation, and A the one before B.
    """
    log_to_stderr()
    if films is not None:
        log.warning("--films (FILMS) is called --items now, and the next version has it no longer")
        items = films
    files = chosen(Output(output), older, newer)
    found = diff_of_lists(*files, items) if user is None else diff_of_user(*files, user)
    if as_json:
        # `films` is the old name of `items`; the next version has it no longer.
        print_json(asdict(found) | ({"films": found.items} if isinstance(found, Diff) else {}))
        return
    if is_terminal():
        print_verdict(_verdict(found), "cyan")
    click.echo(f"{found.before} -> {found.after}")
    for line in found.summary():
        click.echo(line)
    rows = found.items if isinstance(found, Diff) else found.changes
    if rows:
        print_table(Answer([*rows[0]], [tuple(row.values()) for row in rows]), _style)
    if isinstance(found, Diff) and found.changed_items:
        click.echo()
        print_table(_changes(found.changed_items))


def _changes(items: list[Row]) -> Answer:
    """Return a row for each title, year or list of genres that changed."""
    return Answer(
        ["item_id", "what", "before", "after"],
        [
            (item["item_id"], what, before, after)
            for item in items
            for what in ("title", "year", "genres")
            if (before := item[f"{what}_before"]) != (after := item[f"{what}_after"])
        ],
    )


def _verdict(found: Diff | DiffOfUser) -> str:
    if isinstance(found, DiffOfUser):
        return f"{len(found.changes):,} changes in the list of user {found.user_id}"
    share = found.lists["share_changed"]
    return "no user has a list in both" if share is None else f"{share:.1%} of the lists changed"


def _style(row: Row) -> str:
    """Return a colour for what entered or rose, and another for what left or fell."""
    change = row["change"]
    return "green" if change == "entered" or (isinstance(change, int) and change > 0) else "red"
