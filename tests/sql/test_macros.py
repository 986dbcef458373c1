"""Table macros: they answer in the released command-line tool, on the file alone, as the tables say."""

import csv
import io
import subprocess
import sysconfig
from pathlib import Path

import duckdb
import pytest

from batch.generation.hide import hide
from batch.generation.output_folder import Output
from batch.generation.publish import MACROS, Published
from batch.runtime.progress import Progress
from batch.settings import Settings
from tests.conftest import publish
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


@pytest.mark.parametrize("user", ["'18'", "18"])
def test_recommend_is_the_list_of_a_user_with_titles_and_reasons(published: Published, user: str) -> None:
    rows = _asked(published.file, f"from recommend({user})")
    expected = (
        "select rank, item_id, items.title, items.year, items.genres, score::double as score, "
        "reasons.title as because, reason, 'personal' as source "
        "from recommendations join items using (item_id) "
        "left join items as reasons on because_item_id = reasons.item_id where user_id = '18' order by rank"
    )
    assert rows == _asked(published.file, expected)
    assert (rows[0]["item_id"], rows[0]["genres"]) == (str(withheld(18)), "[Drama, Comedy]")
    assert rows[0]["because"]


@pytest.mark.parametrize(
    ("macro", "expected"),
    [
        ("recommend('nobody')", "select rank, item_id, 'popular' as source from popular order by rank"),
        (
            "watched('18')",
            "select item_id, rating, rated_at from histories where user_id = '18' order by position",
        ),
        ("watched('nobody')", "select 1 where false"),
        (
            "similar('0')",
            "select similar_item_id as item_id, rank from similar_items where item_id = '0' order by rank",
        ),
        ("quality()", "select metric, model, value from metrics order by metric, value desc, model"),
    ],
)
def test_a_macro_returns_the_rows_of_its_table(published: Published, macro: str, expected: str) -> None:
    rows = _asked(published.file, expected)
    columns = rows[0].keys() if rows else ()
    found = _asked(published.file, f"from {macro}")
    assert [{name: row[name] for name in columns} for row in found] == rows


def test_similar_items_are_of_the_same_kind_and_quality_is_a_multiple_of_the_most_popular_items(
    published: Published,
) -> None:
    assert int(_asked(published.file, "from similar('0')")[0]["item_id"]) % 2 == 0
    rows = _asked(published.file, "from quality() where model = 'most_popular'")
    assert {row["times_most_popular"] for row in rows} <= {"1.0", "NULL", ""}


@pytest.mark.parametrize("user", ["18.0", " 18", "18.00 "])
def test_macros_clean_ids_as_requests_do(published: Published, user: str) -> None:
    assert {row["source"] for row in _asked(published.file, f"from recommend('{user}')")} == {"personal"}
    assert _asked(published.file, f"from watched('{user}')") != []
    assert _asked(published.file, f"from similar('{user}')") != []
    (row,) = _asked(published.file, f"from why('{user}', '0.0')")
    assert (row["item_id"], row["standing"]) == ("0", "watched")


def test_why_says_how_an_item_stands(items: Path, published: Published, tmp_path: Path) -> None:
    def standing(file: Path, user: str, item: str) -> str:
        (row,) = _asked(file, f"from why('{user}', '{item}')")
        assert row["item_id"] == item
        return row["standing"]

    assert standing(published.file, "18", str(withheld(18))) == "in the list"
    assert standing(published.file, "18", "0") == "watched"
    assert standing(published.file, "18", "unrated") == "rated by nobody"
    assert standing(published.file, "nobody", "0") == "the user is unknown"
    assert standing(publish(items, tmp_path, top_n=1).file, "18", "5") == "scored below the list"
    hide(Output(tmp_path), "5", Settings(output=tmp_path), Progress(quiet=True))
    file = Output(tmp_path).published()
    assert standing(file, "18", "5") == "hidden"
    # The file that `hide` has written has the macros of the one before, with their comments.
    comments = "select function_name, comment from duckdb_functions() where function_type = 'table_macro'"
    rows = _asked(file, f"{comments} and not internal order by all")
    assert [row["function_name"] for row in rows] == list(MACROS)
    assert all(row["comment"].startswith("One row") for row in rows)


def test_the_parts_of_why_add_up_to_the_score(published: Published) -> None:
    with duckdb.connect(str(published.file), read_only=True) as connection:
        query = "select user_id, item_id, score, rank from recommendations where rank <= 3"
        for *ids, score, rank in connection.execute(query).fetchall():
            parts = "select score, taste + next + personal_trend + genres + trend, rank from why($1, $2)"
            same = pytest.approx(score, rel=1e-4)
            assert connection.execute(parts, ids).fetchall() == [(same, same, rank)]


def test_macros_work_in_a_file_that_is_attached_and_used(published: Published) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published.file}' as movies (read_only); use movies")
        assert connection.execute("from recommend('18') limit 1").fetchall()
