"""Verify: whether a published file holds."""

from dataclasses import asdict
from pathlib import Path

import click

from batch.commands.options import json_option, option, own_option, quiet_option
from batch.commands.printing import is_terminal, print_json, print_verdict
from batch.errors import BatchError
from batch.generation.output_folder import Output
from batch.generation.reader import noun_of, open_generation
from batch.runtime.step_table import format_share


@click.command()
@own_option("generation", "Verify this generation instead of the published one.", metavar="ID")
@own_option(
    "users",
    "Number of users, and of movies, whose lists are recomputed, always the same ones; 0 for all.",
    type=click.IntRange(min=0),
    default=1_000,
)
@option("output")
@quiet_option
@json_option
def verify(generation: str | None, users: int, output: Path, quiet: bool, as_json: bool) -> None:
    """Check every invariant of the published file, and recompute lists from its vectors.

    Ends with 1 if there is a violation.
    """
    # What it needs takes more than a second to import, and the help of a command nothing.
    from batch.evaluation.catalogue import is_lost  # noqa: PLC0415
    from batch.generation.verify import verify as verify_file  # noqa: PLC0415

    file = Output(output).existing(generation)
    verified = verify_file(file, users)
    share = verified.catalogue_share
    with open_generation(file) as connection:
        several = noun_of(connection).several
    if as_json:
        # Version 0.6 called the invariants `promises`.
        old_names = {"promises": verified.invariants}
        print_json({**asdict(verified), **old_names, "file": str(file), "is_ok": not verified.violations})
    elif not quiet and is_terminal():
        broken = len(verified.violations)
        print_verdict(
            f"{broken:,} things do not hold" if broken else "ok",
            "red" if broken else "green",
            [
                ("generation", verified.generation),
                ("invariants", f"{verified.invariants:,} checked"),
                ("lists", f"of {verified.users:,} users recomputed, {verified.places:,} places"),
                (
                    "similar",
                    f"of {verified.items:,} {several} recomputed, {verified.similar_places:,} places",
                ),
                *([] if share is None else [("titles", f"of {format_share(share)} of the rated {several}")]),
                ("file", str(file)),
                *(("broken", violation) for violation in verified.violations),
            ],
        )
    elif not quiet:
        click.echo(
            f"{file}: checked {verified.invariants:,} invariants, and recomputed the lists of "
            f"{verified.users:,} users ({verified.places:,} places) and the similar {several} of "
            f"{verified.items:,} ({verified.similar_places:,} places)"
        )
        if share is not None and is_lost(share):
            click.echo(
                f"only {format_share(share)} of the rated {several} have a title, the others show their "
                f"ids: check that the {several} of the input are whole, and have the same ids as the ratings"
            )
        for violation in verified.violations:
            click.echo(violation)
        if not verified.violations:
            click.echo("ok")
    if verified.violations:
        raise BatchError(
            f"{file}: {len(verified.violations):,} things do not hold, the first: {verified.violations[0]}; "
            "go to another generation by 'python -m batch rollback ID', or make it anew by "
            "'python -m batch run --rebuild'"
        )
