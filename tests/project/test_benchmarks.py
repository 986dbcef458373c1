"""What the benchmarks count and measure is so."""

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import duckdb
import pytest
import yaml

from batch.generation.publish import Published
from benchmarks import datasette
from benchmarks.load import Steady, check_all_answered, requests_per_second, times
from benchmarks.peers import __main__ as driver
from benchmarks.peers.job import Job
from benchmarks.processes import Ended, run
from benchmarks.serve import figures, items
from benchmarks.servers import serving

WRK = """\
Running 1s test @ http://127.0.0.1:5077
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     9.42ms   10.95ms 172.16ms   97.95%
    Req/Sec     7.75k     1.97k   11.01k    70.00%
  7717 requests in 1.00s, 1.58MB read
Requests/sec:   7696.70
Transfer/sec:      1.58MB
"""
H2LOAD = """\
finished in 401.73ms, 19.91 req/s, 2.72KB/s
requests: 8 total, 8 started, 8 done, 8 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 8 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 1.09KB (1120) total, 720B (720) headers (space savings 0.00%), 120B (120) data
"""
H2LOAD_LOG = """\
1795538359083196	200	716
1795538359183458	200	993
1795538359183470	200	1091
1795538359282985	200	972
1795538359283870	200	469
1795538359382852	200	936
1795538359383693	200	459
1795538359483423	200	732
"""
HOLDS_100_MB = "import time; held = bytearray(100_000_000); time.sleep(2)"


def test_a_process_that_ends_well_has_its_output_and_no_failure() -> None:
    ended = run([sys.executable, "-c", "print('done')"])
    assert (ended.output, ended.failure) == ("done\n", None)
    assert ended.seconds > 0


def test_a_failure_ends_with_the_last_line_of_its_output() -> None:
    assert run([sys.executable, "-c", "raise SystemExit('one\\ntwo')"]).failure == "ended with 1: two"
    assert run(["sh", "-c", "kill -9 $$"]).failure == "ended by SIGKILL"


def test_a_process_that_takes_too_long_is_stopped_with_its_children() -> None:
    ended = run(["sh", "-c", "sleep 60 & sleep 60; true"], minutes=0.01)
    assert ended.failure == "took more than 0.01 minutes"
    assert ended.seconds < 30


def test_memory_of_processes_at_once_is_added_up() -> None:
    # What this process holds is the least that is measured, and less than three of them.
    one = f"{sys.executable} -c '{HOLDS_100_MB}'"
    assert run(["sh", "-c", f"{one} & {one} & {one} & wait"]).peak_mb > 286


def test_places_that_break_the_promise_of_a_list_are_counted(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("userId,movieId\n1,10\n1,10\n2,20\n", encoding="utf-8")
    # Seen twice in one list, repeated once in the other; what another user has seen is no breach.
    places = "(1, 10), (1, 20), (1, 10), (2, 30), (2, 30), (2, 10)"
    with duckdb.connect() as connection:
        connection.execute("create table lists (user_id bigint, item_id bigint)")
        connection.execute(f"insert into lists values {places}")
        connection.execute(f"copy lists to '{tmp_path / 'implicit.parquet'}'")
    job = Job(tmp_path / "ratings.csv", tmp_path, 3, 1, 1, 1.0, 1.0, 1)
    row = driver._row("implicit", Ended(1.0, 1.0, None, ""), job)  # noqa: SLF001 (no other way in)
    assert (row.failure, row.lists, row.places, row.broken) == (None, 2, 6, 3)


def test_a_peer_that_wrote_nothing_has_failed(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("userId,movieId\n1,10\n", encoding="utf-8")
    job = Job(tmp_path / "ratings.csv", tmp_path, 3, 1, 1, 1.0, 1.0, 1)
    row = driver._row("implicit", Ended(1.0, 1.0, None, ""), job)  # noqa: SLF001 (no other way in)
    assert (row.failure or "").startswith("wrote no lists")


def test_requests_a_second_are_what_wrk_says() -> None:
    assert requests_per_second(WRK) == 7696.70


def test_a_request_that_failed_fails_the_benchmark() -> None:
    for fault in ("Non-2xx or 3xx responses: 7717", "Socket errors: connect 0, read 0, write 0, timeout 10"):
        with pytest.raises(click.ClickException, match=fault):
            requests_per_second(WRK.replace("Requests/sec", f"  {fault}\nRequests/sec"))


def test_a_run_without_requests_has_no_rate() -> None:
    with pytest.raises(click.ClickException):
        requests_per_second("")
    with pytest.raises(click.ClickException):
        requests_per_second(WRK.replace("7696.70", "0.00"))


def test_a_request_that_h2load_could_not_send_or_that_was_refused_fails_the_benchmark() -> None:
    check_all_answered(H2LOAD)
    for before, after in (("8 succeeded, 0", "7 succeeded, 1"), ("8 2xx, 0 3xx", "6 2xx, 2 3xx")):
        with pytest.raises(click.ClickException, match=after):
            check_all_answered(H2LOAD.replace(before, after))
    with pytest.raises(click.ClickException):
        check_all_answered("")
    # When time is over, a status may have come, and its body not yet.
    check_all_answered(H2LOAD.replace("8 2xx", "9 2xx"))


def test_times_are_those_of_requests_sent_when_all_clients_had_started() -> None:
    # Four clients that started a tenth of a second apart; the third has started after two tenths.
    measured = times(H2LOAD_LOG.splitlines(), rate=40, starting=0.1997, seconds=0.125)
    assert (measured.asked, measured.held) == (40, 32)
    assert measured.p50_ms == pytest.approx(0.7025)
    everything = times(reversed(H2LOAD_LOG.splitlines()), rate=20, starting=0, seconds=0.5)
    assert everything.held == 16
    assert everything.p50_ms == pytest.approx(0.834)
    assert everything.p99_ms == pytest.approx(0.993 + 0.93 * (1.091 - 0.993))
    with pytest.raises(click.ClickException, match="more seconds"):
        times(H2LOAD_LOG.splitlines(), rate=40, starting=1, seconds=1)


def test_a_rate_that_clients_fell_behind_is_not_held() -> None:
    assert Steady(asked=1_000, held=990, p50_ms=1, p99_ms=2).is_held
    assert not Steady(asked=1_000, held=900, p50_ms=1, p99_ms=2).is_held


def test_ratios_are_medians_of_rounds_and_the_worst_question_counts() -> None:
    rates = {
        "ours": {
            "constant": [100.0, 200.0, 100.0],
            "recommendations": [50.0, 80.0, 60.0],
            "metadata": [40.0, 80.0, 40.0],
            "features": [90.0, 180.0, 10.0],
        },
        # Of its own constant nothing is known.
        "naive": {"recommendations": [10.0] * 3, "metadata": [20.0] * 3, "features": [9.0] * 3},
    }
    measured = {
        question: Steady(asked=10, held=10, p50_ms=1, p99_ms=p99_ms)
        for question, p99_ms in (("recommendations", 2.0), ("metadata", 5.0), ("features", 3.0))
    }
    found = figures(rates, measured)
    assert {name: found[name] for name in ("recommendations", "metadata", "features")} == {
        "recommendations": 0.5,
        "metadata": 0.4,
        "features": 0.9,
    }
    assert (found["over_naive"], found["p99_ms"], found["is_rate_held"]) == (2.0, 5.0, True)
    assert "over_datasette" not in found


def test_answers_of_ours_and_of_datasette_are_read_alike() -> None:
    answers: tuple[Any, ...] = (
        {"items": [{"id": "1", "title": "A"}, {"id": "2", "title": "B"}]},
        {"features": [{"histories": ["1", "2"]}]},
        [{"id": "1", "title": "A"}, {"id": "2", "title": "B"}],
        ["1", "2"],
    )
    assert [items(answer) for answer in answers] == [["1", "2"]] * 4


def test_datasette_has_the_rows_and_asks_for_those_of_one_user(published: Published, tmp_path: Path) -> None:
    file = datasette.copied(published.file, tmp_path)
    metadata = yaml.safe_load((datasette.FOLDER / "metadata.yml").read_text(encoding="utf-8"))
    queries = metadata["databases"][file.stem]["queries"]
    with (
        duckdb.connect(str(published.file), read_only=True) as generation,
        closing(sqlite3.connect(file)) as copy,
    ):
        for table in datasette.INSERTS:
            text = (datasette.FOLDER / f"{table}.sql").read_text(encoding="utf-8")
            assert copy.execute(f"select * from {table}").fetchall() == generation.execute(text).fetchall()
        user = {"user_id": "1"}
        for question, table, place in (
            ("recommendations", "recommendations", "rank"),
            ("metadata", "recommendations", "rank"),
            ("features", "histories", "position"),
        ):
            name = re.findall(r"/(\w+)\.json", datasette.PATHS[question])[0]
            found = [row[0] for row in copy.execute(queries[name]["sql"], user)]
            expected = generation.execute(
                f"select item_id from {table} where user_id = $user_id order by {place} limit 10", user
            )
            assert [(each,) for each in found] == expected.fetchall() != []
    assert datasette.copied(published.file, tmp_path) == file


def test_a_server_that_does_not_start_is_reported_with_its_reason() -> None:
    with (
        pytest.raises(click.ClickException, match="a server did not start: one"),
        serving([sys.executable, "-c", "raise SystemExit('one')"], {}),
    ):
        pass
