"""Inspect: what it prints, what it writes, and how it ends."""

import json
from pathlib import Path

import duckdb
import pytest

from batch.data.input_spec import FILE, read_spec
from batch.data.inputs import find_inputs
from batch.data.load import load
from batch.errors import InputError
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
    assert "ratings.csv: has no column filmId; found userId, movieId, rating, timestamp" in done.stdout
    assert f"{tmp_path}: has no file m.csv for items; put it there" in done.stdout


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


QUERY = """
[interactions]
query = "{query}"
user = "customer"
item = "film"
[value]
column = "rating"
"""


def _load(folder: Path, work: Path) -> None:
    with duckdb.connect() as connection:
        load(connection, find_inputs(folder).with_results(work).snapshot(), work)


def _query(folder: Path, query: str) -> Path:
    (folder / "ratings.csv").write_text(RATINGS, encoding="utf-8")
    (folder / FILE).write_text(QUERY.format(query=query), encoding="utf-8")
    return folder


def test_a_query_is_run_and_ten_rows_of_its_result_are_shown(tmp_path: Path) -> None:
    folder = _query(tmp_path, "select userId as customer, movieId as film, rating from 'ratings.csv'")
    done = invoke("inspect", folder, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    shown = json.loads(done.stdout)
    assert shown["findings"] == [
        "interactions: query of interactions: has the columns customer, film, rating"
    ]
    assert len(shown["preview"]["rows"]) == 10
    assert {(row["value"], row["says"]) for row in shown["preview"]["rows"]} == {("5.0", "yes")}
    assert sorted(each.name for each in folder.iterdir()) == [FILE, "ratings.csv"]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("select userId as customer where", "the query of interactions fails (Parser Error: syntax error"),
        ("select * from 'other.csv'", "the query of interactions fails (IO Error: No files found"),
        ("select 1; select 2", "the query of interactions is not one SELECT; correct it"),
        (
            "select userId as customer from 'ratings.csv'",
            "query of interactions: has no columns film, rating; found customer; ",
        ),
        (
            "select 1 as customer, 1 as film, 1 as rating where false",
            "query of interactions: has a header but no rows",
        ),
    ],
)
def test_a_query_that_stops_a_run_is_a_problem_and_a_run_names_it_alike(
    query: str, problem: str, tmp_path: Path
) -> None:
    folder = _query(tmp_path, query)
    done = invoke("inspect", folder)
    assert (done.returncode, done.stderr) == (3, "error: 1 problem; correct it\n")
    assert problem in done.stdout
    with pytest.raises(InputError) as raised:
        _load(folder, tmp_path)
    assert str(raised.value) in done.stdout


def test_rows_without_a_user_are_a_problem_if_a_run_would_stop_at_them(tmp_path: Path) -> None:
    user = "case when movieId % 2 = 0 then userId end"
    folder = _query(tmp_path, f"select {user} as customer, movieId as film, rating from 'ratings.csv'")
    done = invoke("inspect", folder)
    assert done.returncode == 3
    assert "column customer: 50% of the rows have no user, and a run rejects them" in done.stdout


def test_faults_of_an_input_toml_are_those_that_a_run_names(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[interactions]\nfile = 1\nuser = 0\nitem = "a"\n', encoding="utf-8")
    with pytest.raises(InputError) as raised:
        find_inputs(tmp_path)
    done = invoke("inspect", tmp_path)
    assert (done.returncode, done.stderr) == (3, f"error: {raised.value}\n")


def test_times_are_read_as_a_run_reads_them(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("user,item,at\n1,2,5.7.2024 9:30\n", encoding="utf-8")
    spec = '[interactions]\nfile = "rows.csv"\nuser = "user"\nitem = "item"\n'
    # Python knows no `%-d`, and in summer the clocks of Berlin are two hours before UTC.
    spec += '[time]\ncolumn = "at"\nformat = "%-d.%-m.%Y %-H:%M"\nzone = "Europe/Berlin"\n'
    (tmp_path / FILE).write_text(spec, encoding="utf-8")
    done = invoke("inspect", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "times from 2024-07-05 07:30 to 2024-07-05 07:30 UTC" in done.stdout


def test_a_terminal_shows_the_verdict_first(shop: Path) -> None:
    status, shown = invoke_on_terminal("inspect", shop)
    assert status == 3
    assert "1 problem" in shown.splitlines()[0]
