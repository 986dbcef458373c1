"""Imports go one way, through the layers that `pyproject.toml` names; the two halves share a file alone."""

import subprocess
import sys
from pathlib import Path

from tests.commands import ROOT


def test_every_module_imports_from_lower_layers_only() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def _entries(folder: str) -> list[str]:
    return sorted(entry.name for entry in (ROOT / folder).iterdir() if entry.name != "__pycache__")


def test_the_job_has_few_enough_entries_to_be_read_at_once() -> None:
    assert len(_entries("batch")) <= 16


def test_the_drawing_of_the_architecture_names_every_layer() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert [entry for entry in _entries("batch") if not entry.startswith("__") and entry not in page] == []
