"""Hide: a movie is in no list."""

from dataclasses import asdict
from pathlib import Path

import click

from batch.commands.options import Id, in_advance_option, json_option, options, own_option, quiet_option
from batch.commands.printing import print_json
from batch.generation.output_folder import Output
from batch.runtime.progress import Progress, log_to_stderr
from batch.runtime.tables import escaped
from batch.settings import Settings


@click.command()
@click.argument("item", type=Id())
@own_option("undo", "Show the movie again, from the next run on.", is_flag=True)
@in_advance_option
@options("output", "memory_gb")
@quiet_option
@json_option
def hide(  # noqa: PLR0913, PLR0917 (click passes each option by name)
    item: str, undo: bool, in_advance: bool, output: Path, memory_gb: float, quiet: bool, as_json: bool
) -> None:
    """Remove the movie ITEM from every list now, and from every later run.

    The published generation is written again under a new id. Lists that had the movie are one shorter until
    the next run. If no movie has the id, nothing changes
    and the exit status is 2.
    """
    # What it needs takes more than a second to import, and the help of a command nothing.
    from batch.generation.hide import hide as hide_item, show_again  # noqa: PLC0415

    log_to_stderr()
    if undo:
        was_hidden = show_again(Output(output), item)
        if as_json:
            print_json({"item_id": item, "was_hidden": was_hidden, "needs_run": was_hidden})
        elif not quiet and was_hidden:
            click.echo(f"movie {item} may be shown again from the next run on: 'python -m batch run'")
        elif not quiet:
            click.echo(f"movie {item} was not hidden by this command; look into hidden.csv of the input")
        return
    with Progress(quiet=quiet) as progress:
        settings = Settings(output=output, memory_gb=memory_gb)
        hidden = hide_item(Output(output), item, settings, progress, in_advance=in_advance)
    if as_json:
        print_json({"item_id": item, **asdict(hidden)})
    elif not quiet:
        named = f"movie {item} ({escaped(hidden.title) if hidden.title else 'not known yet'})"
        if hidden.rewritten:
            lists = hidden.rewritten.rows_removed.get("recommendations", 0)
            click.echo(
                f"{hidden.rewritten.before} -> {hidden.rewritten.after}: {named} is in no list; the lists of "
                f"{lists:,} users are one shorter until the next run"
            )
        else:
            click.echo(f"{named} is in no list of what is published")
        again = "was, and stays, on" if hidden.was_hidden else "is on"
        click.echo(f"{named} {again} the list of movies that runs hide")
