"""Understand: what files mean without a hint, and what is said where that can't be known."""

from pathlib import Path

import pytest

from batch.data.understand import understand
from tests.exports import EXPORTS


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_understood_without_a_hint(name: str, tmp_path: Path) -> None:
    export = EXPORTS[name]
    export.write(tmp_path)
    found = understand([tmp_path])
    assert found.problems == ()
    assert found.spec == export.spec
