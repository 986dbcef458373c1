"""Inspect: what it prints, what it writes, and how it ends."""

import json
from pathlib import Path

import pytest

from batch.data.input_spec import FILE, read_spec
from tests.commands import invoke, invoke_on_terminal
from tests.exports import EXPORTS
from tests.films import MOVIES, RATINGS

EVENTS = "user,item,event\n1,10,view\n1,11,swipe\n2,10,buy\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder in which one kind of events is unknown."""
    (tmp_path / "events.csv").write_text(EVENTS, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_understood(name: str, tmp_path: Path) -> None:
    EXPORTS[name].write(tmp_path)
    done = invoke("inspect", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("interactions: ")
    assert "In doubt" not in done.stdout
    assert not (tmp_path / FILE).exists()


def test_rows_are_shown_as_they_will_be_understood(tmp_path: Path) -> None:
    EXPORTS["anime"].write(tmp_path)
    shown = invoke("inspect", tmp_path).stdout
    assert "value: column rating: stars from 1 to 10, -1 means not rated" in shown
    assert "say yes, from 5.5 on" in shown
    rows = json.loads(invoke("inspect", tmp_path, "--json").stdout)["preview"]["rows"]
    assert len(rows) == 10
    assert {row["says"] for row in rows if row["value"] == "-1"} <= {"seen"}
    assert all(row["title"] == f"Kimi {row['item_id']}" for row in rows)


def test_shares_of_missing_and_odd_values_and_the_first_and_last_time_are_shown(tmp_path: Path) -> None:
    header = "userId,movieId,rating,timestamp"
    lines = ["1,1,5,964982703", ",2,4,964982703", "2,1,77,x", "2,2,1,1700000000"]
    (tmp_path / "ratings.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
    (tmp_path / "movies.csv").write_text(MOVIES, encoding="utf-8")
    view = json.loads(invoke("inspect", tmp_path, "--json").stdout)["preview"]
    shares = {each["role"]: (each["missing"], each["odd"]) for each in view["shares"][:4]}
    assert shares == {"user": (0.25, 0), "item": (0, 0), "value": (0, 0.25), "time": (0, 0.25)}
    assert (view["first_time"][:10], view["last_time"][:10]) == ("2000-07-30", "2023-11-14")
    assert "times from 2000-07-30 18:45 to 2023-11-14 22:13 UTC" in invoke("inspect", tmp_path).stdout


def test_a_doubt_ends_with_3_and_the_lines_that_settle_it(shop: Path) -> None:
    done = invoke("inspect", shop)
    assert done.returncode == 3
    assert 'swipe = "?"' in done.stdout
    assert done.stderr == "error: 1 problem; --write writes an input.toml to settle it in\n"


def test_what_was_understood_is_written_and_checked_again_when_it_is_settled(shop: Path) -> None:
    done = invoke("inspect", shop, "--write")
    assert done.returncode == 3
    assert f"wrote {shop / FILE}" in done.stdout
    refused = invoke("inspect", shop)
    assert refused.returncode == 3
    assert "event.kinds.swipe" in refused.stderr
    text = (shop / FILE).read_text(encoding="utf-8")
    (shop / FILE).write_text(text.replace('swipe = "?"', 'swipe = "ignore"'), encoding="utf-8")
    assert invoke("inspect", shop).returncode == 0


def test_an_input_toml_is_replaced_only_when_that_is_asked_for(tmp_path: Path) -> None:
    EXPORTS["movielens-1m"].write(tmp_path)
    (tmp_path / FILE).write_text("# Mine.\n", encoding="utf-8")
    done = invoke("inspect", tmp_path, "--write")
    assert done.returncode == 2
    assert "is there already; move it away, or replace it by --overwrite" in done.stderr
    assert (tmp_path / FILE).read_text(encoding="utf-8") == "# Mine.\n"
    assert invoke("inspect", tmp_path, "--write", "--overwrite").returncode == 0
    assert read_spec(tmp_path) == EXPORTS["movielens-1m"].spec


def test_a_folder_is_checked_against_its_input_toml(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text(RATINGS, encoding="utf-8")
    spec = '[interactions]\nfile = "ratings.csv"\nuser = "userId"\nitem = "filmId"\n'
    spec += '[items]\nfile = "m.csv"\nid = 1\n'
    (tmp_path / FILE).write_text(spec, encoding="utf-8")
    done = invoke("inspect", tmp_path)
    assert done.returncode == 3
    assert "ratings.csv: has no column filmId, only userId, movieId, rating, timestamp" in done.stdout
    assert f"there is no file m.csv in {tmp_path}" in done.stdout


def test_values_that_do_not_fit_an_input_toml_are_problems(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text(RATINGS, encoding="utf-8")
    spec = '[interactions]\nfile = "ratings.csv"\nuser = "userId"\nitem = "movieId"\n'
    spec += (
        '[value]\ncolumn = "rating"\nscale = [50, 100]\n[time]\ncolumn = "timestamp"\nformat = "%d.%m.%Y"\n'
    )
    (tmp_path / FILE).write_text(spec, encoding="utf-8")
    done = invoke("inspect", tmp_path)
    assert done.returncode == 3
    assert "column rating: 100% of the values are no valid value" in done.stdout
    assert "column timestamp: 100% of the values are no valid time" in done.stdout


def test_a_terminal_shows_the_verdict_first(shop: Path) -> None:
    status, shown = invoke_on_terminal("inspect", shop)
    assert status == 3
    assert "1 problem" in shown.splitlines()[0]
