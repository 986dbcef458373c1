"""Table macros: they answer in the released command-line tool, on the file alone, as the tables say."""

import csv
import io
import subprocess
import sysconfig
from pathlib import Path

import duckdb
import pytest

from batch.generation.hide import hide
from batch.generation.publish import MACROS, Published
from batch.generation.store import Output
from batch.runtime.progress import Progress
from batch.settings import Settings
from tests.conftest import copied, publish
from tests.films import withheld

TOOL = Path(sysconfig.get_path("scripts")) / "duckdb"


def _asked(file: Path, query: str) -> list[dict[str, str]]:
    """Return what the tool of DuckDB 1.5 answers, column by column as text."""
    done = subprocess.run(
        [TOOL, "-readonly", "-csv", file, query], capture_output=True, text=True, check=True
    )
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_the_tool_is_a_released_one_of_version_1() -> None:
    shown = subprocess.run([TOOL, "--version"], capture_output=True, text=True, check=True).stdout
    assert shown.startswith("v1.5")


@pytest.mark.parametrize("user", ["18", 18])
def test_recommend_is_the_list_of_a_user_with_titles_and_reasons(
    published: Published, user: str | int
) -> None:
    rows = _asked(published.file, f"from recommend({user!r})")
    assert [row["rank"] for row in rows] == [str(place) for place in range(1, len(rows) + 1)]
    item = str(withheld(18))
    assert rows[0] | {"score": "", "because": ""} == {
        "rank": "1",
        "item_id": item,
        "title": f"Movie, The {item} ({1990 + int(item)})",
        "year": str(1990 + int(item)),
        "genres": "[Drama, Comedy]",
        "score": "",
        "because": "",
        "source": "personal",
    }
    reason = _asked(
        published.file,
        "select title from items join recommendations on items.item_id = because_item_id "
        "where user_id = '18' and rank = 1",
    )
    assert [rows[0]["because"]] == [row["title"] for row in reason]


def test_recommend_is_the_popular_list_for_somebody_unknown(published: Published) -> None:
    rows = _asked(published.file, "from recommend('nobody')")
    popular = _asked(published.file, "from popular order by rank")
    assert [(row["rank"], row["item_id"]) for row in rows] == [
        (row["rank"], row["item_id"]) for row in popular
    ]
    assert {row["source"] for row in rows} == {"popular"}


@pytest.mark.parametrize("user", ["18.0", " 18", "18.00 "])
def test_macros_clean_ids_as_requests_do(published: Published, user: str) -> None:
    assert {row["source"] for row in _asked(published.file, f"from recommend('{user}')")} == {"personal"}
    assert len(_asked(published.file, f"from watched('{user}')")) > 0
    assert len(_asked(published.file, f"from similar('{user}')")) > 0
    (row,) = _asked(published.file, f"from why('{user}', '0.0')")
    assert (row["item_id"], row["standing"]) == ("0", "watched")


def test_watched_is_the_history_newest_first(published: Published) -> None:
    rows = _asked(published.file, "from watched('18')")
    history = _asked(
        published.file,
        "select item_id, rating, rated_at from histories where user_id = '18' order by position",
    )
    assert [{name: row[name] for name in ("item_id", "rating", "rated_at")} for row in rows] == history
    assert _asked(published.file, "from watched('nobody')") == []


def test_similar_are_items_of_the_same_kind(published: Published) -> None:
    rows = _asked(published.file, "from similar('0')")
    assert [row["item_id"] for row in rows] == [
        row["similar_item_id"]
        for row in _asked(published.file, "from similar_items where item_id = '0' order by rank")
    ]
    assert int(rows[0]["item_id"]) % 2 == 0


def test_why_says_how_an_item_stands(published: Published) -> None:
    for user, item, standing in (
        ("18", str(withheld(18)), "in the list"),
        ("18", "0", "watched"),
        ("18", "unrated", "rated by nobody"),
        ("nobody", "0", "the user is unknown"),
    ):
        (row,) = _asked(published.file, f"from why('{user}', '{item}')")
        assert (row["item_id"], row["standing"]) == (item, standing)


def test_why_says_that_an_item_is_hidden_or_below_the_list(items: Path, tmp_path: Path) -> None:
    publish(items, tmp_path, top_n=1)
    below = _asked(Output(tmp_path).published(), "from why('18', '5')")
    assert [row["standing"] for row in below] == ["scored below the list"]
    hide(Output(tmp_path), "5", Settings(output=tmp_path), Progress(quiet=True))
    hidden = _asked(Output(tmp_path).published(), "from why('18', '5')")
    assert [row["standing"] for row in hidden] == ["hidden"]


def test_the_parts_of_why_add_up_to_the_score(published: Published) -> None:
    query = "select user_id, item_id, score from recommendations where rank <= 3"
    with duckdb.connect(str(published.file), read_only=True) as connection:
        for user_id, item_id, score in connection.execute(query).fetchall():
            told = connection.execute(
                "select score, taste + next + trend, rank from why($user_id, $item_id)",
                {"user_id": user_id, "item_id": item_id},
            ).fetchall()
            assert told == [(pytest.approx(score, rel=1e-4), pytest.approx(score, rel=1e-4), told[0][2])]
            assert told[0][2] <= 3


def test_quality_sets_each_model_beside_the_most_popular_items(published: Published) -> None:
    rows = _asked(published.file, "from quality()")
    metrics = _asked(published.file, "from metrics")
    assert {(row["metric"], row["model"], row["value"]) for row in rows} == {
        (row["metric"], row["model"], row["value"]) for row in metrics
    }
    ratios = {row["times_most_popular"] for row in rows if row["model"] == "most_popular"}
    assert ratios <= {"1.0", "NULL", ""}


def test_macros_say_what_they_return_and_survive_that_a_file_is_written_anew(
    published: Published, tmp_path: Path
) -> None:
    copied(published, tmp_path)
    hide(Output(tmp_path), "4", Settings(output=tmp_path), Progress(quiet=True))
    file = Output(tmp_path).published()
    told = _asked(
        file,
        "select function_name, comment from duckdb_functions() "
        "where function_type = 'table_macro' and not internal order by all",
    )
    assert [row["function_name"] for row in told] == list(MACROS)
    assert all(row["comment"].startswith("One row") for row in told)
    assert len(_asked(file, "from recommend('18')")) > 0


def test_macros_work_in_a_file_that_is_attached_and_used(published: Published) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published.file}' as movies (read_only); use movies")
        assert connection.execute("from recommend('18') limit 1").fetchall()
