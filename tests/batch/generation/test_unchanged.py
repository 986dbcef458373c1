"""What is published counts as unchanged only if a run would make the same of the same."""

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from batch.data.inputs import find_inputs
from batch.generation.publish import Published
from batch.generation.unchanged import unchanged
from batch.settings import Settings

SETTINGS = Settings(top_n=10, factors=4, iterations=5)


@pytest.fixture
def fingerprint(items: Path) -> str:
    """That of the input of the published generation."""
    return find_inputs(items).snapshot().fingerprint


@pytest.fixture
def copy(published: Published, tmp_path: Path) -> Path:
    """A copy of the published generation that may be changed."""
    file = tmp_path / "copy.duckdb"
    shutil.copyfile(published.file, file)
    return file


def test_the_same_input_settings_and_versions_are_unchanged(published: Published, fingerprint: str) -> None:
    assert unchanged(published.file, fingerprint, SETTINGS) == published.counts


def test_folders_and_accepted_faults_are_no_change(published: Published, fingerprint: str) -> None:
    elsewhere = replace(SETTINGS, data=Path("a"), output=Path("b"), rebuild=True)
    elsewhere = replace(elsewhere, accept_regression=True, accept_rolled_back=True)
    assert unchanged(published.file, fingerprint, elsewhere) == published.counts


def test_another_input_is_a_change(published: Published, fingerprint: str) -> None:
    # The first six digits are in the name of the generation, and don't tell enough.
    other = fingerprint[:6] + "0" * 58
    assert unchanged(published.file, other, SETTINGS) is None


def test_each_setting_is_a_change(published: Published, fingerprint: str) -> None:
    for setting in ({"seed": 1}, {"top_n": 11}, {"alpha": 1.0}, {"max_rejected": 0.2}, {"max_fall": 0.2}):
        other = replace(SETTINGS, **setting)
        assert unchanged(published.file, fingerprint, other) is None, setting


@pytest.mark.parametrize("package", ["batch", "python", "implicit"])
def test_another_version_is_a_change(copy: Path, fingerprint: str, package: str) -> None:
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "update generation set versions = map_concat(versions, map {$package: '0'})", {"package": package}
        )
    assert unchanged(copy, fingerprint, SETTINGS) is None


@pytest.mark.parametrize("left", [0, 1_000, 100_000, -1])
def test_a_file_that_was_cut_short_is_to_be_made_anew(copy: Path, fingerprint: str, left: int) -> None:
    copy.write_bytes(copy.read_bytes()[:left])
    assert unchanged(copy, fingerprint, SETTINGS) is None


def test_a_file_that_is_no_generation_is_to_be_made_anew(tmp_path: Path, fingerprint: str) -> None:
    (tmp_path / "text.duckdb").write_text("no database", encoding="utf-8")
    with duckdb.connect(str(tmp_path / "older.duckdb")) as connection:
        connection.execute("create table generation as select 'x' as id, 10 as top_n")
    with duckdb.connect(str(tmp_path / "empty.duckdb")) as connection:
        connection.execute("create table other as select 1 as one")
    for name in ("missing", "text", "older", "empty"):
        assert unchanged(tmp_path / f"{name}.duckdb", fingerprint, SETTINGS) is None
