"""Forget: remove a user."""

from dataclasses import asdict
from pathlib import Path

import click

from batch.commands.options import Id, in_advance_option, json_option, options, quiet_option
from batch.commands.printing import print_json
from batch.generation.output_folder import Output
from batch.runtime.progress import Progress, log_to_stderr
from batch.settings import Settings


@click.command()
@click.argument("user", type=Id())
@in_advance_option
@options("output", "memory_gb")
@quiet_option
@json_option
def forget(  # noqa: PLR0913, PLR0917 (click passes each option by name)
    user: str, in_advance: bool, output: Path, memory_gb: float, quiet: bool, as_json: bool
) -> None:
    """Remove USER from every kept generation now, and from every later run.

    Generations are written again under new ids, and the old files are deleted. If you kill the command,
    either all generations change or none does. The input does not change. If no generation has the user,
    nothing changes and the exit status is 2.
    """
    # What it needs takes more than a second to import, and the help of a command nothing.
    from batch.generation.forget import forget as forget_user  # noqa: PLC0415

    log_to_stderr()
    with Progress(quiet=quiet) as progress:
        settings = Settings(output=output, memory_gb=memory_gb)
        forgotten = forget_user(Output(output), user, settings, progress, in_advance=in_advance)
    if as_json:
        print_json({"user_id": user, **asdict(forgotten)})
    elif not quiet:
        for each in forgotten.generations:
            removed = ", ".join(f"{rows:,} of {table}" for table, rows in each.rows_removed.items())
            click.echo(f"{each.before} -> {each.after}: removed rows: {removed or 'none'}")
            if each.unrated:
                click.echo(f"  nobody else has rated {', '.join(each.unrated)}: in no list any more")
        if not forgotten.generations:
            click.echo(f"user {user} is in no kept generation")
        again = "was, and stays, on" if forgotten.was_forgotten else "is on"
        click.echo(f"user {user} {again} the list of users that runs exclude")
