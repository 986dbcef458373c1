"""Last night's truth: published lists are scored by what people did since, and by nothing else."""

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import duckdb
import pytest

from batch.evaluation.gate import Quality, regressions
from batch.evaluation.last_night import BAND_ENDS, BANDS, last_night, summary_of_last_night
from batch.generation.forget import forget
from batch.generation.hide import hide
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from batch.runtime.progress import Progress
from batch.settings import Settings
from sql import statement
from tests.comebacks import DAY, write_world
from tests.conftest import changed, copied, publish, select, written
from tests.made import START

Metrics = dict[tuple[str, str], float | None]
# The lists are made after so many days of 40. Of those who come back later, some were away for weeks.
CUT = START + 20 * DAY
QUICK = {"next_factors": 16}
HEADER = "userId,movieId,rating,timestamp"
OURS = "select metric, model, value from metrics where model like 'last_night%'"


@dataclass(frozen=True)
class Row:
    """A line of the ratings."""

    user: str
    item: str
    stars: float
    seconds: float

    @property
    def is_positive(self) -> bool:
        return self.stars >= 3

    def __str__(self) -> str:
        return f"{self.user},{self.item},{self.stars},{self.seconds}"


def _write(folder: Path, rows: list[Row]) -> Path:
    movies = [f"{item},Movie {item} (1999),Drama" for item in range(300)]
    return written(folder, "\n".join([HEADER, *map(str, rows)]), "\n".join(["movieId,title,genres", *movies]))


@dataclass(frozen=True)
class Nights:
    """Two nights: what the first knew, what came after it, and the files of both."""

    data: Path
    known: list[Row]
    later: list[Row]
    first: Published
    second: Published

    def metrics(self) -> Metrics:
        return metrics_of(self.second.file)


def metrics_of(file: Path) -> Metrics:
    return {(metric, model): value for metric, model, value in select(file, OURS)}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """The people of `tests/comebacks.py` until a cut, and after it; among them what is no truth."""
    folder = tmp_path_factory.mktemp("world")
    write_world(folder / "world")
    with (folder / "world" / "ratings.csv").open() as file:
        world = [
            Row(user, item, float(stars), float(at)) for user, item, stars, at in [*csv.reader(file)][1:]
        ]
    known = [row for row in world if row.seconds < CUT]
    watched = {row.user: row for row in known}
    later = [row for row in world if row.seconds >= CUT]
    # Some like no movie any more.
    later = [Row(r.user, r.item, 1.0, r.seconds) if int(r.user) % 5 == 1 else r for r in later]
    # Dislikes come first: whoever was back has been back since then.
    later += [Row("200", "100", 1.0, CUT + 60), Row("200", "299", 5.0, CUT + 3 * DAY)]
    later += [Row(f"new{user}", str(item), 5.0, CUT + DAY) for user in range(3) for item in range(user, 9)]
    decoys = [
        *(Row(user, "290", 5.0, CUT - 5 * DAY) for user in ("3", "4", "late")),  # arrived late
        *(Row(row.user, row.item, 5.0, CUT + DAY) for row in watched.values()),  # known, and rated again
    ]
    first = publish(_write(folder / "data", known), folder / "output", **QUICK)
    second = publish(_write(folder / "data", known + later + decoys), folder / "output", **QUICK)
    return Nights(folder / "data", known, later, first, second)


class Scored(NamedTuple):
    """What a user makes of the own list, and of the popular one; `days_away` is None for an unknown one."""

    days_away: float | None
    hit: float
    gain: float
    hit_of_popular: float
    gain_of_popular: float


def _brute_force(nights: Nights) -> Iterator[Scored]:
    """Yield the scores of each user who came back, one row at a time."""
    lists = defaultdict(list)
    for user, item in select(
        nights.first.file, "select user_id, item_id from recommendations order by user_id, rank"
    ):
        lists[user].append(item)
    popular = [
        item
        for (item,) in select(
            nights.first.file, "from items select item_id order by popularity desc, item_id"
        )
    ]
    known, times = defaultdict(set), defaultdict(list)
    for row in nights.known:
        known[row.user].add(row.item)
        times[row.user].append(row.seconds)
    newest = max(row.seconds for row in nights.known)
    since = defaultdict(list)
    for row in nights.later:
        if row.seconds >= newest and row.item not in known[row.user]:
            since[row.user].append(row)
    for user, rows in since.items():
        relevant = {row.item for row in rows if row.is_positive}
        if relevant:
            unseen = [item for item in popular if item not in known[user]]
            away = (min(row.seconds for row in rows) - max(times[user])) / DAY if times[user] else None
            yield Scored(away, *_scores(lists[user], relevant), *_scores(unseen, relevant))


def _scores(listed: list[str], relevant: set[str]) -> tuple[float, float]:
    gains = [1 / math.log2(place + 2) for place in range(10)]
    found = [gain for gain, item in zip(gains, listed, strict=False) if item in relevant]
    return float(bool(found)), sum(found) / sum(gains[: len(relevant)])


def _expected(nights: Nights) -> dict[tuple[str, str], float]:
    rows = [*_brute_force(nights)]
    known = [row for row in rows if row.days_away is not None]
    unknown = [row for row in rows if row.days_away is None]
    groups = {"": known}
    for name, low, high in zip(BANDS, [0.0, *BAND_ENDS], [*BAND_ENDS, math.inf], strict=True):
        groups[f"_{name}"] = [row for row in known if low <= (row.days_away or 0) < high]
    expected: dict[tuple[str, str], float] = {("unknown_users", "last_night"): len(unknown)}
    for suffix, group in groups.items():
        if group:
            for model in ("last_night", "last_night_popular"):
                expected[f"judged_users{suffix}", model] = len(group)
            expected[f"hr@10{suffix}", "last_night"] = mean(row.hit for row in group)
            expected[f"ndcg@10{suffix}", "last_night"] = mean(row.gain for row in group)
            expected[f"hr@10{suffix}", "last_night_popular"] = mean(row.hit_of_popular for row in group)
            expected[f"ndcg@10{suffix}", "last_night_popular"] = mean(row.gain_of_popular for row in group)
    expected["judged_users", "last_night_unknown"] = len(unknown)
    expected["hr@10", "last_night_unknown"] = mean(row.hit_of_popular for row in unknown)
    expected["ndcg@10", "last_night_unknown"] = mean(row.gain_of_popular for row in unknown)
    return expected


def test_the_figures_are_those_of_a_count_by_hand(nights: Nights) -> None:
    expected = _expected(nights)
    assert expected["judged_users", "last_night"] > 150
    assert sum(expected.get((f"judged_users_{band}", "last_night"), 0) > 10 for band in BANDS) >= 3
    assert expected["unknown_users", "last_night"] == 3
    found = {name: value for name, value in nights.metrics().items() if name[0][-4:] not in ("_low", "high")}
    assert found == pytest.approx(expected)


def test_an_interval_lies_around_its_mean(nights: Nights) -> None:
    metrics = nights.metrics()
    for metric in ("ndcg@10", "ndcg@10_under_1_day", "ndcg@10_1_to_7_days"):
        low, value, high = (metrics[f"{metric}{end}", "last_night"] or 0 for end in ("_low", "", "_high"))
        assert 0 < low < value < high < 1


def test_the_log_says_how_good_the_lists_before_were(nights: Nights) -> None:
    metrics = {name: value for name, value in nights.metrics().items() if value is not None}
    ours, popular = (metrics["ndcg@10", model] for model in ("last_night", "last_night_popular"))
    assert summary_of_last_night(metrics) == (
        f"lists published before: ndcg@10 {ours:.4f}, popular list {popular:.4f}, "
        f"over {metrics['judged_users', 'last_night']:.0f} users who came back"
    )
    assert summary_of_last_night({}) is None


def test_nothing_is_said_of_a_first_generation_or_if_nothing_is_new(nights: Nights, tmp_path: Path) -> None:
    assert metrics_of(nights.first.file) == {}
    again = publish(nights.data, copied(nights.second, tmp_path).file.parent.parent, **QUICK, rebuild=True)
    assert again.is_new
    assert metrics_of(again.file) == {}


@contextmanager
def _interactions(
    rows: Iterable[tuple[str, str, float, float | None]],
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to a database with interactions: user, item, weight and seconds."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table interactions (user_id varchar, item_id varchar, weight double, rated_at timestamp)"
        )
        connection.executemany(
            "insert into interactions values ($1, $2, $3, make_timestamp(cast($4 * 1e6 as bigint)))",
            [*rows],
        )
        yield connection


def _first_of(file: Path, user: str) -> str:
    """Return the first movie in the list of a user."""
    query = "select item_id from recommendations where user_id = $user and rank = 1"
    ((item,),) = select(file, query, user=user)
    return str(item)


def _newest_of(file: Path, user: str) -> tuple[str, float]:
    query = "select item_id, epoch(rated_at) from histories where user_id = $user and position = 1"
    ((item, seconds),) = select(file, query, user=user)
    return str(item), float(seconds)


def test_without_times_nothing_can_be_said(nights: Nights) -> None:
    file = nights.first.file
    with _interactions([("3", _first_of(file, "3"), 1.0, None)]) as connection:
        assert last_night(connection, file) == {}
    with _interactions([("3", _first_of(file, "3"), 1.0, CUT)]) as connection:
        assert last_night(connection, file)["hr@10", "last_night"] == 1


def test_a_time_in_the_future_of_that_night_hides_nothing_that_came_after_its_start(
    nights: Nights, tmp_path: Path
) -> None:
    ((start,),) = select(nights.first.file, "select epoch(started_at) from generation")
    row = ("3", _first_of(nights.first.file, "3"), 1.0, start + 60)
    with changed(nights.first, tmp_path) as written_to:
        written_to.execute(
            "update users set last_rated_at = last_rated_at + to_years(500) where user_id = '4'"
        )
    with _interactions([row]) as connection:
        assert (
            last_night(connection, tmp_path / "generations" / nights.first.file.name)["hr@10", "last_night"]
            == 1
        )


def test_a_repeat_counts_where_repeats_are_recommended(nights: Nights, tmp_path: Path) -> None:
    item, seconds = _newest_of(nights.first.file, "3")
    with changed(nights.first, tmp_path) as written_to:
        written_to.execute("update generation set repeats = 'recommend'")
        written_to.execute("insert into seen_items values ('5', '1')")
        written_to.execute(
            "update recommendations set item_id = $item where user_id = '3' and rank = 2", {"item": item}
        )
    recommended = tmp_path / "generations" / nights.first.file.name
    # What is only seen is in no list, also where repeats are recommended.
    again = [("3", item, 1.0, CUT + 60), ("5", "1", 1.0, CUT + 60)]
    with _interactions(again) as connection:
        assert last_night(connection, nights.first.file) == {}
        metrics = last_night(connection, recommended)
        assert metrics["judged_users", "last_night"] == 1
        assert metrics["ndcg@10", "last_night"] == pytest.approx(1 / math.log2(3))
    with _interactions([("3", item, 1.0, seconds)]) as connection:
        assert last_night(connection, recommended) == {}


def test_of_very_many_users_the_same_ones_are_drawn(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batch.evaluation.last_night.MAX_USERS", 2)
    users = [f"{number}" for number in range(3, 9)]
    rows = [(user, _first_of(nights.first.file, user), 1.0, CUT) for user in users]
    rows += [(f"new{user}", "1", 1.0, CUT) for user in users]
    with _interactions(rows) as connection:
        metrics = last_night(connection, nights.first.file)
        assert last_night(connection, nights.first.file) == metrics
    assert metrics["judged_users", "last_night"] == 2
    assert metrics["judged_users", "last_night_unknown"] == 2
    assert metrics["unknown_users", "last_night"] == 6


@pytest.mark.parametrize(
    "change",
    [
        "drop table seen_items",
        "alter table generation drop column repeats",
        "drop view viewers; drop table item_stats; alter table items drop column popularity",
        "alter table users alter last_rated_at type varchar using 'yesterday'",
    ],
)
def test_a_file_of_another_version_is_left_out_with_a_line_in_the_log(
    nights: Nights, tmp_path: Path, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    with changed(nights.first, tmp_path) as written_to:
        written_to.execute(change)
    file = tmp_path / "generations" / nights.first.file.name
    with _interactions([("3", _first_of(file, "3"), 1.0, CUT)]) as connection:
        assert last_night(connection, file) == {}
        assert f"{file.stem} can't be scored by what people did since, and is left out (" in caplog.text
        assert last_night(connection, nights.first.file) != {}


@pytest.mark.parametrize("kept", [0, 12_288, 300_000])
def test_a_damaged_file_is_left_out_and_the_database_of_the_job_goes_on(
    nights: Nights, tmp_path: Path, caplog: pytest.LogCaptureFixture, kept: int
) -> None:
    file = copied(nights.first, tmp_path).file
    file.chmod(0o644)
    whole = file.read_bytes()
    file.write_bytes(whole[:kept] + bytes(byte ^ 0xFF for byte in whole[kept:]))
    with _interactions([("3", _first_of(nights.first.file, "3"), 1.0, CUT)]) as connection:
        assert last_night(connection, file) == {}
        assert "is left out (" in caplog.text
        assert last_night(connection, nights.first.file) != {}


def _rolled_back(nights: Nights, folder: Path) -> Path:
    """Publish the first night again in a copy of the folder, and return its file."""
    output = Output(copied(nights.second, folder).file.parent.parent)
    rollback(output)
    assert output.current() == nights.first.generation
    return output.published()


def test_a_night_after_one_of_an_older_version_is_published(
    nights: Nights, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = _rolled_back(nights, tmp_path)
    file.chmod(0o644)
    with duckdb.connect(file) as connection:
        connection.execute("drop table seen_items; alter table generation drop column repeats")
    made = publish(nights.data, tmp_path, **QUICK, accept_rolled_back=True)
    assert made.is_new
    assert metrics_of(made.file) == {}
    assert f"{nights.first.generation} can't be scored" in caplog.text


def test_after_a_rollback_the_lists_that_are_served_again_are_scored(nights: Nights, tmp_path: Path) -> None:
    _rolled_back(nights, tmp_path)
    again = publish(nights.data, tmp_path, **QUICK, accept_rolled_back=True)
    assert metrics_of(again.file) == nights.metrics()


def test_commands_that_change_a_generation_keep_its_figures(nights: Nights, tmp_path: Path) -> None:
    output = Output(copied(nights.second, tmp_path).file.parent.parent)
    settings = Settings(output=tmp_path)
    hide(output, "100", settings, Progress(quiet=True))
    forget(output, "3", settings, Progress(quiet=True))
    file = output.published()
    assert file.name != nights.second.file.name
    assert metrics_of(file) == pytest.approx(nights.metrics())


def test_the_gate_compares_no_figures_of_lists_published_before(nights: Nights) -> None:
    good: dict[tuple[str, str], float] = {
        ("judged_users", "embedding"): 300.0,
        ("rolling_cuts", "embedding"): 1.0,
        ("ndcg@10", "embedding"): 0.08,
        ("ndcg@10", "most_popular"): 0.02,
    }
    names = nights.metrics().keys()
    candidate = Quality(good | dict.fromkeys(names, 0.0), 600)
    assert [*regressions(candidate, {"before": Quality(good | dict.fromkeys(names, 9.0), 600)}, 0.3)] == []


def test_the_saved_query_has_a_row_for_each_band(nights: Nights) -> None:
    metrics = nights.metrics()
    rows = select(nights.second.file, statement("inspect/last_night"))
    users = {band: number for band, number, *_ in rows}
    assert users["all who came back"] == metrics["judged_users", "last_night"]
    bands = [number for band, number in users.items() if band.startswith("away")]
    assert sum(bands) == users["all who came back"]
    assert users["unknown before"] == 3
    assert rows[0][2:] == (
        *(metrics[f"hr@10{end}", "last_night"] for end in ("", "_low", "_high")),
        metrics["hr@10", "last_night_popular"],
        *(metrics[f"ndcg@10{end}", "last_night"] for end in ("", "_low", "_high")),
        metrics["ndcg@10", "last_night_popular"],
    )
    assert select(nights.first.file, statement("inspect/last_night")) == []


def test_quality_compares_with_the_popular_list_of_that_night(nights: Nights) -> None:
    query = "select value, most_popular from quality() where metric = 'hr@10' and model like 'last_night%'"
    metrics = nights.metrics()
    popular = metrics["hr@10", "last_night_popular"]
    unknown = metrics["hr@10", "last_night_unknown"]
    assert sorted(select(nights.second.file, query)) == sorted(
        [(metrics["hr@10", "last_night"], popular), (popular, popular), (unknown, unknown)]
    )
