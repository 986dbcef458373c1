"""What else the input may be: of the future, written to while it is read, or without its catalogue."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from batch.generation.verify import verify
from tests.faults.conftest import Recorded
from tests.faults.night import Done, Night, assert_told

# The year 2100.
FUTURE = 4_102_444_800
LISTS = "select user_id, rank, item_id, score from recommendations order by user_id, rank"


@pytest.fixture
def own(night: Night, data: Path, tmp_path: Path) -> Night:
    """An output folder with two generations, and a copy of the input, to be changed."""
    return Night(night.folder, shutil.copytree(data, tmp_path / "own"))


def _changed(night: Night, name: str, change: Callable[[list[str]], list[str]]) -> None:
    """Write one file of the input anew, from its lines."""
    file = night.data / f"{name}.csv"
    lines = change(file.read_text(encoding="utf-8").splitlines())
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(night: Night, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(night.output.published()), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _of_the_future(line: str) -> str:
    return f"{line.rpartition(',')[0]},{FUTURE}"


def test_a_time_of_the_future_changes_no_list(own: Night, recorded: Recorded) -> None:
    _changed(own, "ratings", lambda lines: [*lines[:9], *lines[10:]])
    assert own.run(2).returncode == 0
    expected = _rows(own, LISTS)
    _changed(own, "ratings", lambda lines: [*lines[:9], _of_the_future(lines[8]), *lines[9:]])
    done = own.run(2)
    assert done.returncode == 0, done.stderr
    assert _rows(own, LISTS) == expected
    assert _rows(own, "select line, rule from rejected_rows where rule <> 'superseded'") == [
        (10, "timestamp_in_future")
    ]
    recorded("job_faults", "a time of the year 2100", 1, "0", "the new one", own.says(done))


NEW_ROWS = {"ratings.csv": "1,new,4,1000000000\n", "movies.csv": "new,New (2001),Drama\n"}


def _grow(file: Path) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(NEW_ROWS[file.name])


def _replace(file: Path) -> None:
    new = file.with_name("new")
    new.write_text(file.read_text(encoding="utf-8") + NEW_ROWS[file.name], encoding="utf-8")
    new.rename(file)


def _while(night: Night, step: str, change: Callable[[Path], None], file: str) -> Done:
    """Run the job, and change a file of its input when the step has ended, while the job stands still."""
    job = night.start(3)
    assert job.stderr is not None
    log = []
    for line in job.stderr:
        log.append(line)
        if night.steps(line) == [step]:
            job.send_signal(signal.SIGSTOP)
            break
    change(night.data / file)
    job.send_signal(signal.SIGCONT)
    _, rest = job.communicate()
    return Done(job.args, job.returncode, "", "".join(log) + rest)


def test_input_that_changes_while_it_is_read_is_not_published(own: Night, recorded: Recorded) -> None:
    before, kept = own.output.current(), own.kept()
    for step, change, file in (
        ("compare", _replace, "ratings.csv"),
        ("compare", _grow, "movies.csv"),
        ("clean", _grow, "ratings.csv"),
        ("score", _grow, "ratings.csv"),
    ):
        done = _while(own, step, change, file)
        assert_told(done, f"{file} changed while it was read; run again", status=3)
        assert (own.output.current(), own.kept()) == (before, kept)
        fault = f"{file} {'is replaced' if change is _replace else 'grows'} after the step {step}"
        recorded("job_faults", fault, 1, "3", "the one before", own.says(done))
    again = own.run(3)
    assert again.returncode == 0, again.stderr
    assert verify(own.output.published(), users=10).violations == []
    own.has_nothing_else()


def _other_ids(lines: list[str]) -> list[str]:
    return [lines[0], *(f"tt{line}" for line in lines[1:])]


def _half(lines: list[str]) -> list[str]:
    return lines[: len(lines) // 2]


def _header(lines: list[str]) -> list[str]:
    return lines[:1]


def test_a_catalogue_without_rows_is_bad_input(own: Night, recorded: Recorded) -> None:
    before = own.seen()
    _changed(own, "movies", _header)
    done = own.run(3)
    assert_told(done, "movies.csv: has a header but no rows", status=3)
    assert own.seen() == before
    recorded("job_faults", "a movies.csv with a header alone", 1, "3", "the one before", own.says(done))


@pytest.mark.parametrize("change", [_half, _other_ids])
def test_a_lost_catalogue_is_refused_after_a_whole_one(
    own: Night, recorded: Recorded, change: Callable[[list[str]], list[str]]
) -> None:
    before = own.seen()
    _changed(own, "movies", change)
    done = own.run(3)
    assert_told(done, "not published", "title", status=4)
    assert own.seen() == before
    name = change.__name__.strip("_").replace("_", " ")
    recorded("job_faults", f"a movies.csv with {name}", 1, "4", "the one before", own.says(done))


@pytest.mark.parametrize("change", [_half, _other_ids])
def test_a_lost_catalogue_is_told_by_the_first_run_and_by_verify(
    own: Night, tmp_path: Path, recorded: Recorded, change: Callable[[list[str]], list[str]]
) -> None:
    _changed(own, "movies", change)
    first = Night(tmp_path / "first", own.data)
    done = first.run(3)
    assert done.returncode == 0, done.stderr
    ((share,),) = _rows(first, "select value from metrics where metric = 'catalogue_share'")
    assert isinstance(share, float)
    assert share < 0.6
    assert f"; titles for {share:.1%} of the movies" in done.stderr
    assert f" rated movies ({share:.1%}); the others are shown with their ids" in done.stderr
    assert f"only {share:.1%} of the rated movies have a title" in first.command("verify").stdout
    name = change.__name__.strip("_").replace("_", " ")
    recorded("job_faults", f"a movies.csv with {name}, at first", 1, "0", "the new one", first.says(done))
