"""Report: a page about a generation."""

from pathlib import Path

import click

from batch.commands.options import json_option, option, own_option, quiet_option
from batch.commands.printing import print_json
from batch.generation.output_folder import Output
from batch.report.build import keep, page


@click.command()
@own_option("generation", "Report on this generation instead of the published one.", metavar="ID")
@own_option(
    "file",
    "Write the page to this file instead. It names users: delete it yourself when one is forgotten.",
    type=click.Path(path_type=Path, dir_okay=False),
)
@option("output")
@quiet_option
@json_option
def report(generation: str | None, file: Path | None, output: Path, quiet: bool, as_json: bool) -> None:
    """Write one HTML page with plots about a generation; it opens without a network.

    The page is kept in the output folder. It is deleted with its generation, and when `forget` removes a user
    from the generations; run `report` to create it again.
    """
    folder = Output(output)
    if file:
        chosen = folder.existing(generation).stem
        file.write_text(page(folder, chosen), encoding="utf-8")
    else:
        folder.existing(generation)
        with folder.locked():
            # Another process that held the folder before may have removed it.
            chosen = folder.existing(generation).stem
            file = keep(folder, chosen)
    if as_json:
        print_json({"generation": chosen, "report": str(file)})
    elif not quiet:
        click.echo(f"wrote {file}: open it in a browser; it names users")
