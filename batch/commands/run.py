"""Run: the nightly job."""

import logging
from dataclasses import asdict
from typing import Any

import click

from batch.commands.engines import run as run_on_engine
from batch.commands.options import json_option, options, own_option, quiet_option
from batch.commands.printing import is_terminal, print_json, print_verdict
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.reader import Noun, noun_of, open_generation
from batch.runtime.progress import Progress, log_to_stderr
from batch.runtime.step_table import format_share, table as table_of_figures
from batch.settings import Settings, by_name

log = logging.getLogger("batch")


@click.command()
@options(*by_name())
@own_option("force", "Old name of --rebuild; the next version removes it.", is_flag=True)
@quiet_option
@json_option
def run(force: bool, quiet: bool, as_json: bool, **values: Any) -> None:
    """Run the nightly job: read the ratings, and publish a new generation.

    Does nothing if the published generation has the same input, settings and versions.
    """
    log_to_stderr()
    if force:
        log.warning(
            "--force (FORCE) is called --rebuild now, and the next version has it no longer; what the gate "
            "refuses is published by --accept-regression, what was rolled back by --accept-rolled-back"
        )
        values["rebuild"] = True
    with Progress(quiet=quiet) as progress:
        published = run_on_engine(Settings(**values), progress)
    on_terminal = is_terminal() and not as_json and not quiet
    if on_terminal:
        print_verdict(*_verdict(published), _facts(published, values["top_n"]))
    if published.is_new:
        progress.show(table_of_figures(published.seconds, published.rows, published.peak_mb))
    if as_json:
        print_json({**asdict(published), "file": str(published.file)})
    elif not quiet and not on_terminal:
        click.echo(_line(published, values["top_n"]))


def _noun(published: Published) -> Noun:
    """Return what the items are called."""
    with open_generation(published.file) as connection:
        return noun_of(connection)


def _line(published: Published, top_n: int) -> str:
    if not published.is_new:
        return (
            f"nothing to do: {published.file} is from the same input, settings and versions; "
            "to run anyway, use --rebuild"
        )
    return (
        f"published {published.file}: lists of up to {top_n:,} {_noun(published).several} "
        f"for {published.counts.users:,} users, in {sum(published.seconds.values()):.1f} s"
    )


def _titled(published: Published) -> str:
    share = published.catalogue_share
    return "" if share is None else f", {format_share(share)} of them with a title"


def _verdict(published: Published) -> tuple[str, str]:
    if published.is_new:
        return f"published {published.generation}", "green"
    return f"nothing to do: {published.generation} is from the same input, settings and versions", "cyan"


def _facts(published: Published, top_n: int) -> list[tuple[str, str]]:
    counts, noun = published.counts, _noun(published)
    changes = (("rejected", counts.rows_rejected), ("repaired", counts.rows_repaired))
    report = Output(published.file.parent.parent).report(published.generation)
    return [
        ("lists", f"of up to {top_n:,} {noun.several}, for {counts.users:,} users"),
        (noun.several, f"{counts.items:,} rated{_titled(published)}"),
        (
            "rows",
            f"{counts.rows_kept:,} of {counts.rows_read:,} kept"
            + "".join(f", {rows:,} {name}" for name, rows in changes if rows),
        ),
        ("file", str(published.file)),
        *([("report", str(report))] if report.exists() else []),
        ("took", f"{sum(published.seconds.values()):.1f} s"),
        *([] if published.is_new else [("run anyway", "by --rebuild")]),
    ]
