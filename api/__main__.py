"""`python -m api`: serve what is published in a folder."""

import logging
import os
from logging.config import dictConfig
from pathlib import Path
from typing import Any

import click

from api import __version__
from api.settings import SHARED_FOLDER, Settings, WrongValueError, log_config, options

log = logging.getLogger("api")


@click.command(
    params=options(), context_settings={"help_option_names": ["-h", "--help"], "show_default": True}
)
@click.version_option(__version__, message="%(version)s")
def serve(**values: Any) -> None:
    """Answer look-ups over HTTP from the published generation, and follow it to the next."""
    settings = Settings(**values)
    dictConfig(log_config(settings.log_format))
    # One process needs no folder for metrics, and several count in a new one inside of that which is given.
    folder = os.environ.pop(SHARED_FOLDER, None) or None
    if folder and not (Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise WrongValueError(
            f"{SHARED_FOLDER}: {folder} is no folder that can be written to; name another, or unset it"
        )
    # They load prometheus_client, which must not see that folder.
    from api.middleware import Keys, KeysError  # noqa: PLC0415
    from api.server import listen, reachable_address, run  # noqa: PLC0415

    try:
        keys = Keys(settings)
    except KeysError as error:
        raise WrongValueError(f"--api-keys-file: {error}") from error
    listener = listen(settings.host, settings.port)
    if (address := reachable_address(listener)) and not keys.are_required:
        log.warning("whoever reaches %s can ask for everything: no key is required (API_KEYS)", address)
    run(settings, keys, listener, folder)


if __name__ == "__main__":
    serve()
