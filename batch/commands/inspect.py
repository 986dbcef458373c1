"""Inspect: what a run would understand of an input; it writes nothing, or an input.toml that is asked for."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import click

from batch.commands.options import json_option, own_option
from batch.commands.printing import is_terminal, print_json, print_table, print_verdict
from batch.data.check_spec import check_spec
from batch.data.input_spec import FILE, read_spec
from batch.data.inspection.preview import Preview, preview
from batch.data.inspection.understand import Understanding, understand
from batch.errors import InputError, UsageError
from batch.generation.query import Answer


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, metavar="FOLDER_OR_FILE...", type=click.Path(path_type=Path)
)
@own_option("write", f"Write what was understood as {FILE} into the folder, to be edited.", is_flag=True)
@own_option("overwrite", f"With --write, replace an {FILE} that is there.", is_flag=True)
@json_option
def inspect(paths: tuple[Path, ...], write: bool, overwrite: bool, as_json: bool) -> None:
    """Show what a run would understand of a folder or of files.

    Looks at a part of each file. Prints how the files are written, what their columns mean, some rows as
    they will be understood, what is in doubt, and what is ignored. A folder with an input.toml is checked
    against it. Exit status 3 if something is in doubt: each problem has the lines that settle it.
    """
    found = _look(paths, anew=write)
    view = preview(found.spec, found.tables) if found.spec and "interactions" in found.tables else None
    written = _write(found, overwrite=overwrite) if write else None
    if as_json:
        print_json(_as_json(found, view))
    else:
        _print(found, view)
        if written:
            click.echo(f"\nwrote {written}")
    if found.problems:
        them = "it" if len(found.problems) == 1 else "them"
        settle = f"settle {them} in {written}" if written else f"--write writes an {FILE} to settle {them} in"
        # What an `input.toml` says wrongly is not drafted anew.
        settle = settle if found.draft else f"correct {them}"
        raise InputError(f"{_number_of(found)}; {settle}")


def _look(paths: tuple[Path, ...], *, anew: bool) -> Understanding:
    """Look at the paths: by the `input.toml` of a folder if there is one, unless another is to be written."""
    if len(paths) == 1 and paths[0].is_dir() and not anew:
        spec = read_spec(paths[0])
        if spec is not None:
            return check_spec(paths[0], spec)
    return understand(paths)


def _write(found: Understanding, *, overwrite: bool) -> Path:
    file = found.root / FILE
    if file.exists() and not overwrite:
        raise UsageError(f"{file}: is there already; move it away, or replace it by --overwrite")
    if not found.draft:
        raise InputError("\n".join(found.problems))
    partial = file.with_name(f".{FILE}.{os.getpid()}")
    partial.write_text(found.toml(), encoding="utf-8")
    partial.replace(file)
    return file


def _number_of(found: Understanding) -> str:
    number = len(found.problems)
    return f"{number} problem{'s' * (number > 1)}"


def _print(found: Understanding, view: Preview | None) -> None:
    if is_terminal():
        verdict = _number_of(found) if found.problems else "understood"
        print_verdict(f"{found.root}: {verdict}", "red" if found.problems else "green")
    for line in found.findings:
        click.echo(line)
    if view is not None:
        _print_view(view)
    for title, lines in (("In doubt", found.problems), ("Ignored", found.ignored)):
        if lines:
            click.echo(f"\n{title}:")
            for line in lines:
                click.echo(f"- {line}")


def _print_view(view: Preview) -> None:
    rows = "all" if view.is_whole else "a sample of"
    facts = [f"looked at {rows} {view.sampled:,} rows of interactions"]
    if view.lowest is not None:
        facts.append(f"numbers from {view.lowest:g} to {view.highest:g}")
    if view.positive is not None and view.min_positive is not None:
        facts.append(f"{view.positive:.1%} of them say yes, from {view.min_positive:g} on")
    if view.first_time is not None and view.last_time is not None:
        facts.append(f"times from {view.first_time:%Y-%m-%d %H:%M} to {view.last_time:%Y-%m-%d %H:%M} UTC")
    click.echo("; ".join(facts))
    click.echo()
    columns = ["file", "column", "role", "missing", "odd"]
    shares = [
        (each.file, each.column, each.role, f"{each.missing:.1%}", f"{each.odd:.1%}") for each in view.shares
    ]
    print_table(Answer(columns, [*shares]))
    click.echo()
    names = [field.name for field in dataclasses.fields(view.rows[0])] if view.rows else []
    table = [dataclasses.astuple(row) for row in view.rows]
    # A column without any value says nothing.
    kept = [place for place in range(len(names)) if any(row[place] is not None for row in table)]
    print_table(
        Answer([names[place] for place in kept], [tuple(row[place] for place in kept) for row in table])
    )


def _as_json(found: Understanding, view: Preview | None) -> dict[str, Any]:
    return {
        "folder": str(found.root),
        "understood": found.spec is not None and not found.problems,
        "spec": found.spec.model_dump(mode="json", exclude_defaults=True) if found.spec else None,
        "findings": found.findings,
        "problems": found.problems,
        "ignored": found.ignored,
        "preview": dataclasses.asdict(view) if view else None,
    }
