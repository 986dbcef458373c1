"""What has the fingerprint is what is read: a file that changes meanwhile stops the run."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from batch.data.inputs import Snapshot, find_inputs
from batch.data.load import load
from batch.errors import InputError
from batch.evaluation.ratings import cleaned_ratings
from batch.settings import Settings

FILES = {
    "ratings": "userId,movieId,rating,timestamp\n1,10,5,1\n2,10,4,2\n",
    "movies": "movieId,title,genres\n10,Ten (1990),Drama\n",
    "users": "userId,gender\n1,F\n",
    "hidden": "movieId\n11\n",
}
ENDINGS = ["csv", "csv.gz", "parquet"]


def _content(text: str, ending: str, folder: Path) -> bytes:
    """Return a table of text as the bytes of a file of that kind."""
    if ending == "csv.gz":
        return gzip.compress(text.encode(), mtime=0)
    if ending == "parquet":
        source, target = folder / "source", folder / "target"
        source.write_text(text, encoding="utf-8")
        duckdb.execute(
            "copy (from read_csv($source, all_varchar = true)) to $target (format parquet)",
            {"source": str(source), "target": str(target)},
        )
        return target.read_bytes()
    return text.encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An input folder with every file, as CSV."""
    data = tmp_path / "data"
    data.mkdir()
    for name, text in FILES.items():
        (data / f"{name}.csv").write_text(text, encoding="utf-8")
    return data


def _as(folder: Path, name: str, ending: str) -> Path:
    """Write one file of the folder as another kind of file, and return it."""
    (folder / f"{name}.csv").unlink()
    file = folder / f"{name}.{ending}"
    file.write_bytes(_content(FILES[name], ending, folder.parent))
    return file


def _loads(snapshot: Snapshot, work: Path) -> None:
    with duckdb.connect() as connection:
        load(connection, snapshot, work)


# How another process changes the file `target`, which is to have the bytes `new`.
WRITERS = {
    "in its place": "Path(target).write_bytes(new)",
    "at its old time": (
        "status = os.stat(target); Path(target).write_bytes(new); "
        "os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))"
    ),
    "by another file": "Path(target + '~').write_bytes(new); os.replace(target + '~', target)",
    "cut short": "Path(target).write_bytes(new[:len(new) // 2])",
    "emptied": "Path(target).write_bytes(b'')",
    "removed": "os.remove(target)",
}


def _write(how: str, new: bytes, target: Path) -> None:
    source = target.parent.parent / "new"
    source.write_bytes(new)
    program = f"""
import os, sys
from pathlib import Path
new, target = Path(sys.argv[1]).read_bytes(), sys.argv[2]
{how}
"""
    subprocess.run([sys.executable, "-c", program, source, target], check=True)


@pytest.mark.parametrize("how", WRITERS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_ratings_that_changed_after_their_fingerprint_was_taken_stop_the_run(
    folder: Path, tmp_path: Path, ending: str, how: str
) -> None:
    file = _as(folder, "ratings", ending)
    snapshot = find_inputs(folder).snapshot()
    # As long as before: only the bytes tell.
    _write(WRITERS[how], _content(FILES["ratings"].replace("5", "3"), ending, tmp_path), file)
    with pytest.raises(InputError) as raised:
        _loads(snapshot, tmp_path)
    assert str(raised.value) == f"{file.name} changed while it was read; run again"


@pytest.mark.parametrize("name", ["movies", "users", "hidden"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_each_other_changed_file_stops_the_run_too(
    folder: Path, tmp_path: Path, ending: str, name: str
) -> None:
    file = _as(folder, name, ending)
    snapshot = find_inputs(folder).snapshot()
    file.write_bytes(_content(FILES[name].replace("1", "2"), ending, tmp_path))
    with pytest.raises(InputError, match=rf"^{name}\.{ending} changed while it was read; run again$"):
        _loads(snapshot, tmp_path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_is_the_same_again_is_read(folder: Path, tmp_path: Path, ending: str) -> None:
    file = _as(folder, "ratings", ending)
    snapshot = find_inputs(folder).snapshot()
    _write(WRITERS["by another file"], file.read_bytes(), file)
    _loads(snapshot, tmp_path)
    snapshot.stop_if_written()


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_grew_after_it_was_read_was_not_complete(folder: Path, name: str) -> None:
    snapshot = find_inputs(folder).snapshot()
    with (folder / f"{name}.csv").open("a", encoding="utf-8") as stream:
        stream.write("2\n")
    with pytest.raises(InputError, match=rf"^{name}\.csv changed while it was read; run again$"):
        snapshot.stop_if_written()


def _replace(file: Path) -> None:
    _write(WRITERS["by another file"], b"another", file)


@pytest.mark.parametrize("change", [_replace, Path.unlink, Path.touch])
def test_a_file_that_was_replaced_removed_or_touched_after_it_was_read_was_complete(
    folder: Path, change: Callable[[Path], None]
) -> None:
    snapshot = find_inputs(folder).snapshot()
    change(folder / "ratings.csv")
    snapshot.stop_if_written()


def test_a_later_look_up_sees_the_bytes_that_were_read(folder: Path, tmp_path: Path) -> None:
    file = _as(folder, "ratings", "parquet")
    with duckdb.connect() as connection:
        loaded = load(connection, find_inputs(folder).snapshot(), tmp_path)
        before = file.read_bytes()
        file.unlink()
        assert loaded.ratings.paths[0].read_bytes() == before


def test_an_evaluation_of_a_file_that_grows_stops_too(folder: Path) -> None:
    file = folder / "users.csv"
    file.write_text("userId,nickname\n1,A\n", encoding="utf-8")

    def grow(line: str) -> None:
        assert line == "users.csv: ignores the columns nickname"
        with file.open("a", encoding="utf-8") as stream:
            stream.write("2,B\n")

    with pytest.raises(InputError, match=r"^users\.csv changed while it was read; run again$"):
        cleaned_ratings(Settings(data=folder), grow)
