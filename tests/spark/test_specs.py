"""What `input.toml` says, or a look at the files finds, means the same on a cluster as in the local run."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard
from pyarrow import parquet
from pyspark.sql import SparkSession

from batch.errors import InputError
from batch.spark.tables import find_tables
from tests.exports import EXPORTS
from tests.spark.found import found_here, found_there

# Of Spark's own sockets, and of what the job does not use: pandas.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas"),
]

SHOP = """
max_per_user = 6
[interactions]
file = "log.tsv"
separator = "\\t"
header = false
user = 1
item = 2
[event]
column = 3
kinds = {view = 1, buy = 5, refund = "negative", ping = "ignore"}
[value]
column = 4
kind = "weight"
logarithmic = false
[time]
column = 5
format = "s"
"""
# User a takes back one of two things, and looks at it again; b has more rows than count.
EVENTS = [
    *("a\tx\tbuy\t2\t100", "a\tx\trefund\t\t200", "a\tx\tview\t1\t300", "a\ty\tbuy\t1\t100"),
    *("a\ty\tview\t\t400", "a\tz\tping\t1\t500", "a\tw\tbuy\t-3\t600", "c\tx\tbuy\t1\t100"),
    *(f"b\t{'vwxyz'[row % 5]}\tview\t{row + 1}\t{700 + row}" for row in range(9)),
]


@pytest.fixture
def small_pieces(spark: SparkSession) -> Iterator[None]:
    """Let a file fall into several pieces."""
    before = spark.conf.get("spark.sql.files.maxPartitionBytes")
    spark.conf.set("spark.sql.files.maxPartitionBytes", "6000")
    yield
    spark.conf.set("spark.sql.files.maxPartitionBytes", str(before))


@pytest.mark.parametrize(
    "name", ["movielens-1m", "web-shop", "json-lines", "parquet-parts", "anime", "jester"]
)
def test_an_export_is_understood_and_cleaned_as_by_the_local_run(
    spark: SparkSession, name: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    EXPORTS[name].write(data)
    there = found_there(spark, data, tmp_path / "there")
    assert there == found_here(data, tmp_path / "here")
    counts = there["counts of rows"]
    assert counts.rows_kept
    assert bool(counts.rows_merged) == (name == "web-shop")
    assert bool(there["items"][0][4] != "{}") == (name in {"json-lines", "anime", "jester"})


@pytest.mark.usefixtures("small_pieces")
def test_without_a_header_a_piece_may_begin_with_a_damaged_line(spark: SparkSession, tmp_path: Path) -> None:
    data = tmp_path / "data"
    EXPORTS["movielens-1m"].write(data)
    (data / "input.toml").write_text(
        '[interactions]\nfile = "ratings.dat"\nseparator = "::"\nheader = false\nuser = 1\nitem = 2\n'
        "[value]\ncolumn = 3\n",
        encoding="utf-8",
    )
    lines = (data / "ratings.dat").read_text(encoding="utf-8").splitlines()
    # So many lines are damaged that some pieces begin with one; the first of the file is not.
    damaged = [line if number % 4 == 0 else line.replace("::", ":", 2) for number, line in enumerate(lines)]
    (data / "ratings.dat").write_text("\n".join(damaged), encoding="utf-8")
    there = found_there(spark, data, tmp_path / "there")
    assert there == found_here(data, tmp_path / "here")
    assert there["counts of rows"].rows_rejected == sum(number % 4 > 0 for number in range(len(lines)))


def test_events_add_up_are_taken_back_ignored_and_capped_as_by_the_local_run(
    spark: SparkSession, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "input.toml").write_text(SHOP, encoding="utf-8")
    (data / "log.tsv").write_text("\n".join(EVENTS), encoding="utf-8")
    there = found_there(spark, data, tmp_path / "there")
    assert there == found_here(data, tmp_path / "here")
    counts = there["counts of rows"]
    assert (counts.rows_ignored, counts.rows_capped, counts.rows_rejected) == (1, 3, 1)
    became = counts.rows_kept + counts.rows_merged + counts.rows_rejected
    assert counts.rows_read == became + counts.rows_capped + counts.rows_ignored


def test_a_row_whose_value_can_not_be_used_is_seen(spark: SparkSession, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    rows = "1,10,4,1\n1,11,nothing,2\n2,11,5,3\n2,12,9,4\n3,12,3,5\n3,12,nothing,6\n"
    (data / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{rows}", encoding="utf-8")
    there = found_there(spark, data, tmp_path / "there")
    assert there == found_here(data, tmp_path / "here")
    assert there["seen"] == [("1", "11"), ("2", "12")]


def test_kinds_of_events_that_are_unknown_are_named(spark: SparkSession, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "input.toml").write_text(SHOP.replace("refund", "return"), encoding="utf-8")
    (data / "log.tsv").write_text("\n".join([*EVENTS, "d\tx\twish\t1\t9"]), encoding="utf-8")
    with pytest.raises(InputError) as here:
        found_here(data, tmp_path / "here")
    with pytest.raises(InputError, match=r"'refund' \(1 rows\), 'wish' \(1 rows\)") as there:
        found_there(spark, data, tmp_path / "there")
    assert str(there.value) == str(here.value)


def test_what_only_the_local_run_can_read_stops_the_run(spark: SparkSession, tmp_path: Path) -> None:
    excel, shop, query = tmp_path / "excel", tmp_path / "shop", tmp_path / "query"
    EXPORTS["excel"].write(excel)
    with pytest.raises(InputError, match=r"^Export Bewertungen\.txt: is utf-16.* convert it to UTF-8"):
        find_tables(spark, excel, tmp_path / "work")
    EXPORTS["web-shop"].write(shop)
    events = shop / "events.csv"
    (shop / "events.csv.zst").write_bytes(zstandard.compress(events.read_bytes()))
    events.unlink()
    with pytest.raises(InputError, match=r"^events\.csv\.zst: Spark reads no \.zst; compress it by gzip"):
        find_tables(spark, shop, tmp_path / "work")
    query.mkdir()
    (query / "input.toml").write_text(
        "[interactions]\nquery = \"from 'a.csv'\"\nuser = 'user'\nitem = 'item'\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"^input\.toml: a query needs --engine local"):
        find_tables(spark, query, tmp_path / "work")


def test_tables_in_a_folder_of_their_own_are_told_apart(spark: SparkSession, tmp_path: Path) -> None:
    inside = tmp_path / "data" / "export"
    (inside / "ratings.parquet").mkdir(parents=True)
    for part, user in (("a", 1), ("b", 2)):
        rows = pa.table({"userId": [user], "movieId": [10], "rating": [4.0]})
        parquet.write_table(rows, inside / "ratings.parquet" / f"{part}.parquet")
    (inside / "movies.csv").write_text("movieId,title,genres\n10,Ten (1990),Drama\n", encoding="utf-8")
    (inside / "users.csv").write_text("userId,gender,age,occupation\n1,F,25,writer\n", encoding="utf-8")
    tables = find_tables(spark, tmp_path / "data", tmp_path / "work")
    assert tables.ratings.given.names == tuple(f"export/ratings.parquet/{part}.parquet" for part in "ab")
    assert [table.name for table in tables.all()[1:]] == ["export/movies.csv", "export/users.csv"]
