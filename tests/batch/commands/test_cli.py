"""The command line: exit statuses, messages, environment, and what machines read."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import click
import pytest

from batch.cli import commands
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.settings import Settings, by_name
from tests.cleaned import STARS
from tests.commands import ROOT, STEPS, batch, batch_on_terminal, environment, invoke, start_batch
from tests.conftest import copied, damage
from tests.films import MOVIES, RATINGS_HEADER

# The options of the fixture `published`.
AS_PUBLISHED = {"TOP_N": "10", "FACTORS": "4", "ITERATIONS": "5"}
SMALL = ("--top-n", "5", "--factors", "4", "--iterations", "3")


def test_a_run_publishes_and_says_so(items: Path, tmp_path: Path) -> None:
    done = batch("run", "--data", items, "--output", tmp_path, *SMALL)
    assert done.returncode == 0
    assert done.stdout.startswith(
        f"published {Output(tmp_path).published()}: lists of up to 5 movies for 40 users"
    )
    lines = [line.split()[1] for line in done.stderr.splitlines()]
    found = ["interactions:", "items:", "value:", "time:"]
    assert lines == ["compare", *found, *STEPS[1:], "step", *STEPS, "all"]


def test_a_terminal_has_a_bar_for_each_step_and_a_table_at_the_end(items: Path, tmp_path: Path) -> None:
    status, shown = batch_on_terminal("run", "--data", items, "--output", tmp_path, *SMALL)
    assert status == 0, shown
    bars, _, figures = shown.rpartition("rows a second")
    for step in STEPS:
        assert re.search(rf"{step} .*━.*0:00:0", bars)
        assert re.search(rf"{step} +\d+\.\d\d ", figures)
    assert not re.search(r"Z (train|step)", shown)


def test_every_option_has_an_environment_variable_and_a_quiet_run_prints_json_alone(
    items: Path, tmp_path: Path
) -> None:
    variables = {"DATA": str(items), "OUTPUT": str(tmp_path), "TOP_N": "3", "FACTORS": "4"}
    variables |= {"QUIET": "1", "JSON": "1"}
    done = invoke("run", variables=variables)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert (result["generation"], result["is_new"]) == (Output(tmp_path).current(), True)
    assert result["counts"]["users"] == result["rows"]["score"] == 40
    assert [*result["seconds"]] == [*result["peak_mb"]]
    found = invoke("sql", "select top_n, settings['factors'] as factors from generation", variables=variables)
    assert json.loads(found.stdout) == [{"top_n": 3, "factors": "4"}]


def test_help_is_complete_and_every_setting_is_an_option_with_its_default() -> None:
    for command in commands.commands.values():
        assert command.help
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, parameter.name
                assert parameter.envvar == str(parameter.opts[0]).removeprefix("--").replace("-", "_").upper()
    options = {parameter.name: parameter for parameter in commands.commands["run"].params}
    for name in by_name():
        assert options[name].default == getattr(Settings(), name)


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    for command, message in {
        "run --top-n=0": "--top-n",
        "run --top-n=x": "--top-n",
        "run --alpha=nan": "--alpha",
        "run --alpha=0": "--alpha",
        "run --max-rejected=1.5": "--max-rejected",
        "run --unknown": "--unknown",
        "nonsense": "nonsense",
        "forget ": "the id is empty",
        "hide  ": "the id is empty",
        "rollback": "nothing is published yet; run 'python -m batch run' first",
        "sql select 1": "nothing is published yet; run 'python -m batch run' first",
    }.items():
        done = invoke(*command.split(" ", 1), variables={"OUTPUT": str(tmp_path)})
        assert done.returncode == 2, command
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_bad_input_ends_with_3_in_one_line_and_the_published_generation_stays(
    published: Published, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    before = copied(published, output).generation
    dirty = RATINGS_HEADER + "\n" + "1,1,3,1\n" * 89 + "1,1,9,1\n" * 11
    for place, (message, files) in enumerate(
        {
            "ratings.csv: is empty": {"ratings.csv": "", "movies.csv": MOVIES},
            "ratings.csv: has a header, but no rows": {"ratings.csv": "userId,movieId\n"},
            r"ratings.csv: has one column, 1 (\x01": {"ratings.csv": "\x00\x01\x02\xff" * 99},
            "ratings.csv: 11 of 100 rows (11.0%) are rejected": {
                "ratings.csv": dirty,
                "movies.csv": MOVIES,
                "input.toml": STARS,
            },
        }.items()
    ):
        data = tmp_path / str(place)
        data.mkdir()
        for name, text in files.items():
            (data / name).write_bytes(text.encode("latin-1"))
        done = invoke("run", "--data", data, "--output", output, "--quiet")
        assert done.returncode == 3, message
        assert done.stderr.startswith("error: ")
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
        assert Output(output).current() == before
        assert not Output(output).work.exists()


def test_a_refused_run_ends_with_4(items: Path, nights: list[Published], tmp_path: Path) -> None:
    copied(nights[-1], tmp_path)
    assert invoke("rollback", "--output", tmp_path, "--quiet").returncode == 0
    settings = ("--top-n", "10", "--factors", "4", "--iterations", "5", "--seed", "2")
    same = ("run", "--data", items, "--output", tmp_path, *settings, "--quiet")
    done = invoke(*same)
    assert done.returncode == 4
    assert "--accept-rolled-back" in done.stderr
    assert invoke(*same, "--rebuild", "--accept-regression").returncode == 4


def test_a_second_run_ends_with_5(items: Path, tmp_path: Path) -> None:
    with Output(tmp_path).locked():
        done = invoke("run", "--data", items, "--output", tmp_path, "--quiet")
        assert done.returncode == 5
        assert "another run is at work" in done.stderr
        assert invoke("rollback", "--output", tmp_path).returncode == 2


def test_a_run_without_changes_says_so_in_a_line_and_ends_with_0(
    items: Path, published: Published, tmp_path: Path
) -> None:
    made = copied(published, tmp_path)
    same = ("run", "--data", items, "--output", tmp_path)
    done = invoke(*same, variables=AS_PUBLISHED)
    assert done.returncode == 0
    assert done.stdout == (
        f"nothing to do: {made.file} is from the same input, settings and versions; "
        "to run anyway, use --rebuild\n"
    )
    assert [line.split()[1] for line in done.stderr.splitlines()] == ["compare"]
    quiet = invoke(*same, "--quiet", variables=AS_PUBLISHED)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    told = json.loads(invoke(*same, "--json", "--quiet", variables=AS_PUBLISHED).stdout)
    assert (told["generation"], told["file"], told["is_new"]) == (made.generation, str(made.file), False)
    assert told["counts"] == asdict(made.counts)
    assert told["rows"] == {}
    assert [*told["seconds"]] == [*told["peak_mb"]] == ["compare"]
    for again in ((), ("--accept-regression", "--accept-rolled-back")):
        told = json.loads(invoke(*same, *again, "--json", "--quiet", variables=AS_PUBLISHED).stdout)
        assert told["is_new"] is False
    rebuilt = invoke(*same, "--rebuild", "--json", "--quiet", variables=AS_PUBLISHED)
    assert (json.loads(rebuilt.stdout)["is_new"], rebuilt.stderr) == (True, "")


def test_force_still_means_rebuild_and_warns(items: Path, published: Published, tmp_path: Path) -> None:
    copied(published, tmp_path)
    same = ("run", "--data", items, "--output", tmp_path, "--json", "--quiet")
    done = invoke(*same, "--force", variables=AS_PUBLISHED)
    assert json.loads(done.stdout)["is_new"] is True
    assert "--force (FORCE) is called --rebuild now" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_run_without_work_imports_nothing_heavy(items: Path, published: Published, tmp_path: Path) -> None:
    copied(published, tmp_path)
    command = [sys.executable, "-X", "importtime", "-m", "batch", "run", "--quiet"]
    variables = {"DATA": str(items), "OUTPUT": str(tmp_path), **AS_PUBLISHED}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment(**variables)
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "duckdb" in imported
    assert not imported & {"implicit", "numba", "numpy", "pandas", "scipy"}
    assert len(Output(tmp_path).generations()) == 1


def test_a_full_disk_ends_with_1_and_the_published_generation_stays(
    items: Path, published: Published, tmp_path: Path
) -> None:
    """`tests/faults/test_disk.py` has a full disk at every step, and the run after it."""
    before = copied(published, tmp_path).generation
    done = batch("run", "--data", items, "--output", tmp_path, "--quiet", largest_file=100)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "make room" in done.stderr
    assert "Traceback" not in done.stderr
    output = Output(tmp_path)
    assert output.generations() == [before]
    assert output.current() == before
    assert not output.work.exists()


def test_a_folder_that_can_not_be_written_or_read_ends_with_1(items: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = invoke("run", "--data", items, "--output", tmp_path / "file" / "output", "--quiet")
    assert done.returncode == 1
    assert "Not a directory" in done.stderr
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    if os.access(closed, os.R_OK):
        # The superuser may read everything: a loop of links is what nobody can follow.
        closed = tmp_path / "loop"
        closed.symlink_to(closed)
    done = invoke("run", "--data", items, "--output", closed / "output", "--quiet")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {closed}")
    assert done.stderr.count("\n") == 1


def test_generations_lists_published_and_rolled_back_ones(nights: list[Published], tmp_path: Path) -> None:
    assert "no generation yet" in invoke("generations", "--output", tmp_path).stdout
    copied(nights[-1], tmp_path)
    first, second, third = (night.generation for night in nights)
    invoke("rollback", "--output", tmp_path)
    rows = json.loads(invoke("generations", "--output", tmp_path, "--json").stdout)
    states = {row["generation"]: row["state"] for row in rows}
    assert states == {third: "rolled back", second: "published", first: "kept"}
    assert list(states) == [third, second, first]
    assert rows[0]["users"] == 40
    table = invoke("generations", "--output", tmp_path).stdout
    assert [line.split()[0] for line in table.splitlines() if line.strip().startswith("20")] == list(states)


def test_a_damaged_generation_is_listed_as_such(published: Published, tmp_path: Path) -> None:
    made = copied(published, tmp_path)
    damage(made.file)
    (row,) = json.loads(invoke("generations", "--output", tmp_path, "--json").stdout)
    assert row["state"] == "published, damaged"
    done = invoke("sql", "select 1", "--output", tmp_path)
    assert done.returncode == 1
    assert "can't be opened" in done.stderr


def test_sql_lists_the_saved_queries_and_runs_one(published: Published) -> None:
    output = published.file.parent.parent
    listed = json.loads(invoke("sql", "--output", output, "--json").stdout)
    assert {row["name"] for row in listed} >= {"rejected_by_rule", "most_recommended", "schema"}
    assert invoke("sql", "most_recommended", "--output", output, "--json").returncode == 0


def test_sql_prints_csv_where_there_is_no_terminal(published: Published) -> None:
    output = published.file.parent.parent
    columns = "item_id, title, genres, mean_rating"
    query = f"-- two movies\nselect {columns} from items where item_id in ('0', 'unrated') order by item_id"
    done = invoke("sql", query, "--output", output)
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["item_id", "title", "genres", "mean_rating"],
        ["0", "Movie, The 0 (1990)", '["Drama", "Comedy"]', done.stdout.splitlines()[1].rpartition(",")[2]],
        ["unrated", "Never Seen (2001)", "[]", ""],
    ]


def test_sql_that_is_wrong_or_would_do_more_than_read_ends_with_2(published: Published) -> None:
    for query in (
        *("selec t", "select nothing from nowhere", "delete from items", "create table x (y int)"),
        *("select * from read_csv('pyproject.toml')", "copy items to 'x.csv'", "attach 'x.duckdb'"),
        *("set threads = 9", "", "/* nothing */", "-- nothing", "most_recomended"),
    ):
        done = invoke("sql", query, "--output", published.file.parent.parent)
        assert done.returncode == 2, query
        assert done.stderr.startswith("error: sql: ")
        assert "Traceback" not in done.stderr


def test_json_has_no_nan_and_no_column_twice(published: Published) -> None:
    output = published.file.parent.parent
    done = invoke("sql", "select 'nan'::double as a, [1.0, 'inf'::double] as b", "--output", output, "--json")
    assert done.stdout.split() == ["[", "{", '"a":', "null,", '"b":', "[", "1.0,", "null", "]", "}", "]"]
    twice = invoke("sql", "select 1 as a, 2 as a", "--output", output, "--json")
    assert twice.returncode == 2
    assert "two columns have one name" in twice.stderr


def test_ctrl_c_ends_with_130_and_no_traceback(items: Path, tmp_path: Path) -> None:
    job = start_batch("run", "--data", items, "--output", tmp_path, "--iterations", "10000")
    assert job.stderr is not None
    next(line for line in job.stderr if " clean " in line)
    job.send_signal(signal.SIGINT)
    _, errors = job.communicate()
    assert job.returncode == 130
    assert errors.splitlines()[-1] == "error: stopped"
    assert "Traceback" not in errors
    assert not Output(tmp_path).work.exists()


def test_a_damaged_record_of_rollbacks_is_named(items: Path, published: Published, tmp_path: Path) -> None:
    copied(published, tmp_path)
    (tmp_path / "rolled_back.json").write_text('{"a')
    for command in (("generations",), ("rollback",), ("run", "--data", str(items))):
        done = invoke(*command, "--output", tmp_path)
        assert done.returncode == 1
        assert "rolled_back.json: is damaged; delete it" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_sample_is_written_once(tmp_path: Path) -> None:
    fetch = ("fetch", "sample", "--data", tmp_path)
    sample = json.loads(invoke(*fetch, "--json").stdout)
    assert (sample["ratings"], sample["movies"], sample["checked"]) == (100_004, 9_066, None)
    assert all(Path(file).exists() for file in sample["files"])
    assert "Dangerous Minds (1995)" in (tmp_path / "movies.csv").read_text(encoding="utf-8")
    again = invoke(*fetch)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    (tmp_path / "ratings.csv").rename(tmp_path / "ratings.parquet")
    (tmp_path / "movies.csv").unlink()
    assert "ratings.parquet: is there already" in invoke(*fetch).stderr


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a?b", "has a ? in it"),
        ("a\\b", "has a \\ in it"),
        ("a\udcffb", "is no UTF-8"),
        ("link", "has a ? in it"),
    ],
)
def test_an_output_path_that_can_not_be_opened_is_wrong_usage(
    items: Path, tmp_path: Path, name: str, reason: str
) -> None:
    if name == "link":
        (tmp_path / name).symlink_to("a?b")
    for command in (("run", "--data", items), ("generations",), ("sql",)):
        done = invoke(*command, "--output", tmp_path / name)
        assert done.returncode == 2
        assert done.stderr.startswith("error: --output: ")
        assert reason in done.stderr
        assert done.stderr.count("\n") == 1
    assert not [entry for entry in tmp_path.iterdir() if entry.name != "link"]


@pytest.mark.parametrize("name", ["ab:c é 日本", "~"])
def test_a_run_publishes_in_an_odd_output_path(
    items: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = invoke("run", "--data", items, "--output", name, *SMALL, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / name / "current.duckdb").is_file()
    assert invoke("sql", "generation", "--output", name).returncode == 0
