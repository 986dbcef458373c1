"""`python -m api`: serve what is published in a folder."""

from pathlib import Path

import click
import uvicorn

from api import __version__
from api.app import make_app


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option(
    "--output",
    envvar="OUTPUT",
    show_envvar=True,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    default=Path("output"),
    help="Folder in which generations are published.",
)
@click.option("--host", envvar="HOST", show_envvar=True, default="127.0.0.1", help="Address to listen on.")
@click.option(
    "--port",
    envvar="PORT",
    show_envvar=True,
    type=click.IntRange(0, 65535),
    default=5000,
    help="Port to listen on; 0 for any that is free.",
)
@click.version_option(__version__, message="%(version)s")
def serve(output: Path, host: str, port: int) -> None:
    """Answer look-ups over HTTP from the published generation, and follow it to the next."""
    uvicorn.run(make_app(output), host=host, port=port, server_header=False)


if __name__ == "__main__":
    serve()
