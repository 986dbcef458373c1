"""The commands that change what is published, as tests call them."""

from pathlib import Path

from batch.generation.forget import Forgotten, forget
from batch.generation.hide import Hidden, hide
from batch.generation.store import Output
from batch.runtime.progress import Progress
from batch.settings import Settings


def forgotten(output: Path, user_id: str, *, in_advance: bool = False) -> Forgotten:
    """Forget a user."""
    settings, progress = Settings(output=output), Progress(quiet=True)
    return forget(Output(output), user_id, settings, progress, in_advance=in_advance)


def hidden(output: Path, item_id: str, *, in_advance: bool = False) -> Hidden:
    """Hide a movie."""
    settings, progress = Settings(output=output), Progress(quiet=True)
    return hide(Output(output), item_id, settings, progress, in_advance=in_advance)


def files_of(output: Path) -> list[Path]:
    """Return the files of all generations, oldest first."""
    return [Output(output).file(each) for each in Output(output).generations()]
