"""The commands that change what is published, as tests call them, and a generation of short lists."""

from pathlib import Path

import pytest

from batch.generation.forget import Forgotten, forget
from batch.generation.hide import Hidden, hide
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.runtime.progress import Progress
from batch.settings import Settings
from tests.conftest import publish


@pytest.fixture(scope="session")
def of_five(items: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A generation whose lists are cut off after five movies; nobody may touch its folder."""
    return publish(items, tmp_path_factory.mktemp("of_five"), top_n=5)


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
