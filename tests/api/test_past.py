"""What kept generations say of themselves is read by another process, which may end or hang."""

import asyncio
import shutil
import sys
from pathlib import Path

import duckdb
import pytest

from api.page.past import KeptFiles
from batch.generation.publish import Published
from tests.conftest import copied

# Stands in for Python: it ends, or hangs, as DuckDB may where a file is damaged.
BREAKS = """#!/bin/sh
for file; do
    case "$file" in
    *crash.duckdb) kill -SEGV $$ ;;
    *hang.duckdb) exec sleep 600 ;;
    *.duckdb) "{python}" -m api.page.kept_generations "$file" ;;
    esac
done
"""


@pytest.fixture
def output(nights: list[Published], tmp_path: Path) -> Path:
    """An output folder with three generations."""
    copied(nights[0], tmp_path / "output")
    return tmp_path / "output"


def _shown(files: KeptFiles, output: Path) -> tuple[list[str], int]:
    """Return the generations that are told of, and how many there are."""
    kept = asyncio.run(files.read(output))
    return [each.id for each in kept.past], kept.total


def test_every_generation_is_told_of_and_read_once(
    nights: list[Published], output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = KeptFiles()
    generations = [night.generation for night in nights]
    assert _shown(files, output) == (generations, 3)
    monkeypatch.setattr(sys, "executable", "/nothing/python")
    assert _shown(files, output) == (generations, 3)


@pytest.mark.parametrize("kind", ["crash", "hang"])
def test_a_file_with_which_the_process_ends_keeps_it_from_no_other(
    nights: list[Published], output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for name in ("0", nights[1].generation):
        shutil.copy(nights[0].file, output / "generations" / f"{name}{kind}.duckdb")
    python = tmp_path / "python"
    python.write_text(BREAKS.format(python=sys.executable), encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr("api.page.past.MAX_SECONDS", 60 if kind == "crash" else 4)
    assert _shown(KeptFiles(), output) == ([night.generation for night in nights], 5)


@pytest.mark.parametrize(
    "change",
    [
        "alter table generation alter finished_at type varchar using 'yesterday'",
        "alter table generation alter rows_read drop not null; update generation set rows_read = null",
        "update metrics set value = 'inf' where metric = 'ndcg@10'",
        "update generation set id = 'another'",
        "drop table metrics cascade",
    ],
)
def test_a_file_that_says_nonsense_of_itself_is_left_out(
    nights: list[Published], output: Path, change: str
) -> None:
    file = output / "generations" / nights[1].file.name
    file.chmod(0o644)
    with duckdb.connect(file) as connection:
        connection.execute(change)
    assert _shown(KeptFiles(), output) == ([nights[0].generation, nights[2].generation], 3)


def test_where_no_process_can_be_started_it_is_tried_again_the_next_time(
    nights: list[Published], output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = KeptFiles()
    with monkeypatch.context() as changed:
        changed.setattr(sys, "executable", "/nothing/python")
        assert _shown(files, output) == ([], 3)
    assert _shown(files, output) == ([night.generation for night in nights], 3)
