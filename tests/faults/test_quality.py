"""The gate sees lists as they are served, and what is published has learned from every valid row."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.comebacks import DAY, DAYS, write_world
from tests.faults.conftest import Recorded
from tests.faults.night import Done, Night, assert_told
from tests.made import START

SETTINGS = ("--factors", "8", "--iterations", "8", "--next-factors", "24", "--regularization", "1", "--quiet")


@pytest.fixture
def served(tmp_path: Path) -> Night:
    """A folder of people who come back after a day or after weeks; nothing is published in it yet."""
    write_world(tmp_path / "world")
    return Night(tmp_path / "output", tmp_path / "world")


def _run(night: Night, *options: str) -> Done:
    return night.command("run", "--data", night.data, *SETTINGS, *options)


def _ndcg(night: Night) -> float:
    """Return what was measured of the newest run, published or refused."""
    files = sorted((night.folder / "refused").glob("*.json"))
    metrics = json.loads(files[-1].read_text(encoding="utf-8"))["metrics"]
    (value,) = [
        each["value"] for each in metrics if (each["metric"], each["model"]) == ("ndcg@10", "embedding")
    ]
    return float(value)


def test_settings_that_spoil_what_is_served_are_refused(served: Night, recorded: Recorded) -> None:
    assert _run(served).returncode == 0
    before = served.output.current()
    for option in ("--trend-weight=1000", "--gap-half-life=0.001"):
        done = _run(served, option)
        assert_told(done, "ndcg@10 of the model fell by", f"in {before}", status=4)
        assert _ndcg(served) < 0.5
    assert served.output.generations() == [before]
    recorded("job_faults", "settings that make lists worse", 2, "4", "the one before", served.says(done))


def test_lists_that_get_worse_by_a_little_every_night_are_refused(served: Night, recorded: Recorded) -> None:
    fall = ("--max-fall", "0.2")
    assert _run(served, *fall).returncode == 0
    best = served.output.current()
    assert _run(served, "--next-weight", "0.1", *fall).returncode == 0
    done = _run(served, "--next-weight", "0.05", *fall)
    assert_told(done, "ndcg@10 of the model fell by", f"in {best}", status=4)
    recorded("job_faults", "lists that get worse every night", 1, "4", "the one before", served.says(done))


def test_what_the_newest_rows_say_is_in_the_published_vectors(served: Night) -> None:
    rows = [f"{user},new,5,{START + DAY * (DAYS - 0.01) + user}" for user in range(60)]
    with (served.data / "ratings.csv").open("a", encoding="utf-8") as ratings:
        ratings.write("\n".join(rows) + "\n")
    assert _run(served).returncode == 0
    with duckdb.connect(str(served.output.published()), read_only=True) as connection:
        ((norm,),) = connection.execute(
            "select list_sum(list_transform(factors[:8], lambda each: each * each)) from item_factors "
            "where item_id = 'new'"
        ).fetchall()
    assert norm > 0.1
