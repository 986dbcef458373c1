"""Fetch: data sets to try."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from batch.commands.options import json_option, option, own_option, quiet_option
from batch.commands.printing import print_json
from batch.datasets import catalogue
from batch.runtime.progress import Progress, log_to_stderr


@click.command(epilog=catalogue.described())
@click.argument("name", type=click.Choice(catalogue.NAMES), metavar="NAME")
@option("data", "Folder to write the files to. It must not contain ratings, movies or users.")
@own_option("mirror", "URL of a folder that has the archives; by default, where each set is published.")
@own_option(
    "retries",
    "Number of further attempts after a failed connection. The first is made after 1 second; each wait "
    "is twice the one before, up to 30 seconds.",
    type=click.IntRange(min=0, max=100),
    default=4,
)
@quiet_option
@json_option
def fetch(name: str, data: Path, quiet: bool, as_json: bool, **source: Any) -> None:
    """Download the data set NAME, and write it as ratings.csv, movies.csv and, if it has any, users.csv.

    An interrupted download continues where it ended. The archive is compared with its published MD5 sum, if
    there is one, and removed afterwards. An archive that is in the data folder under its own name, such as
    ml-1m.zip, is used instead of a download, and kept.
    """
    # Other commands need no HTTP client, which takes a tenth of a second to import.
    from batch.datasets.download import Source  # noqa: PLC0415
    from batch.datasets.fetch import fetch as fetch_set  # noqa: PLC0415

    log_to_stderr()
    with Progress(quiet=quiet) as progress:
        fetched = fetch_set(name, data, Source(**source), progress)
    if as_json:
        print_json(asdict(fetched))
    elif not quiet:
        click.echo(
            f"wrote the {name} data set to {data}: {fetched.ratings:,} ratings of {fetched.movies:,} movies"
        )
