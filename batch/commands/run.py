"""Run: the nightly job."""

from dataclasses import asdict
from typing import Any

import click

from batch.commands.options import json_option, options, quiet_option
from batch.commands.printing import print_json
from batch.figures import table as table_of_figures
from batch.memory import tells_peaks_apart
from batch.nightly import run as run_nightly
from batch.progress import Progress, log_to_stderr
from batch.settings import Settings, by_name


@click.command()
@options(*by_name())
@quiet_option
@json_option
def run(quiet: bool, as_json: bool, **values: Any) -> None:
    """Do the nightly job: read ratings, publish a new generation, if anything has changed.

    Nothing is done where the published generation is from the same input, settings and versions.
    """
    log_to_stderr()
    with Progress(quiet=quiet) as progress:
        published = run_nightly(Settings(**values), progress)
    if published.is_new:
        took = (published.seconds, published.rows, published.peak_mb)
        progress.show(table_of_figures(*took, tells_peaks_apart=tells_peaks_apart()))
    if as_json:
        print_json({**asdict(published), "file": str(published.file)})
    elif not quiet and not published.is_new:
        click.echo(
            f"nothing to do: {published.file} is from the same input, settings and versions; "
            "--force makes it anew"
        )
    elif not quiet:
        counts = published.counts
        click.echo(
            f"published {published.file}: lists of up to {values['top_n']:,} films "
            f"for {counts.users:,} users, in {sum(published.seconds.values()):.1f} s"
        )
