"""Files as they come: what is read alike, which lines are no records, and what is said of other files."""

import gzip
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from batch.data.inputs import find_inputs
from batch.data.load import ignored_columns, load
from batch.errors import InputError
from tests.cleaned import HEADER, STARS, Cleaned
from tests.conftest import WriteInput

DIRTY = HEADER + "1,10,3,1\n,10,4,2\n3,10,99,3\n3,11,nan,4\n3,12,5,2000-01-01\n3,12,4,5\n"


def _facts(folder: Path, work: Path) -> tuple[object, ...]:
    cleaned = Cleaned(folder, work)
    return (
        cleaned.ratings(),
        cleaned.rows("select line - 1, rule from rejected_rows order by line"),
        cleaned.counts,
    )


def test_compressed_csv_is_read_like_csv(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(DIRTY)
    expected = _facts(folder, tmp_path)
    with gzip.open(folder / "ratings.csv.gz", "wt", encoding="utf-8") as stream:
        stream.write(DIRTY)
    (folder / "ratings.csv").unlink()
    assert _facts(folder, tmp_path) == expected


def test_parquet_is_read_like_csv_and_its_rows_have_numbers(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(DIRTY)
    kept, rejected, counts = _facts(folder, tmp_path)
    duckdb.execute(
        "copy (select cast(userid as double) as userid, cast(movieid as integer) as movieid, "
        "cast(rating as double) as rating, "
        'case when "timestamp" like \'2%-%\' then cast("timestamp" as timestamp) '
        'else make_timestamp(cast("timestamp" as bigint) * 1000000) end as "timestamp" '
        "from read_csv($source, all_varchar = true)) to $target (format parquet)",
        {"source": str(folder / "ratings.csv"), "target": str(folder / "ratings.parquet")},
    )
    (folder / "ratings.csv").unlink()
    cleaned = Cleaned(folder, tmp_path)
    assert cleaned.ratings() == kept
    assert cleaned.counts == counts
    assert cleaned.rows("select line, rule from rejected_rows order by line") == rejected
    assert cleaned.rows("select raw from rejected_rows where rule = 'rating_not_a_number'") == [
        ('{"userid":"3.0","movieid":"11","rating":"nan","timestamp":"1970-01-01 00:00:04"}',)
    ]


def test_an_object_and_a_list_are_no_ids_but_values_in_an_object_are(tmp_path: Path) -> None:
    (tmp_path / "input.toml").write_text(
        '[interactions]\nfile = "r.json"\nuser = "user.id"\nitem = "movie"\n[value]\ncolumn = "stars"\n'
    )
    rows = [
        *(
            '{"user": {"id": 1}, "movie": 10, "stars": 4}',
            '{"user": {"id": {"a": 1}}, "movie": 11, "stars": 4}',
        ),
        *('{"user": {"id": "[x"}, "movie": "{y}", "stars": 4}', '{"user": 1, "movie": 10, "stars": 4}'),
        '{"user": {"id": 1}, "movie": [10], "stars": 4}',
    ]
    (tmp_path / "r.json").write_text("\n".join(rows))
    cleaned = Cleaned(tmp_path, tmp_path)
    assert cleaned.rows("select user_id, item_id from valid_ratings order by line") == [
        ("1", "10"), ("[x", "{y}")
    ]  # fmt: skip


def test_a_column_of_objects_in_parquet_is_refused_as_one_of_ids(tmp_path: Path) -> None:
    (tmp_path / "input.toml").write_text('[interactions]\nfile = "r.parquet"\nuser = "u"\nitem = "i"\n')
    _write_parquet(tmp_path, "r", "select 1 as u, {'id': 2} as i")
    with pytest.raises(InputError, match="the column i has objects or lists, which are no ids"):
        Cleaned(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        (b"", "ratings.csv: is empty; check how it was exported"),
        (b"userId,movieId\n", "ratings.csv: has a header, but no rows"),
        (b"userId,rating\n1,2\n", "ratings.csv: which"),
        (b"userId,movieId,movieId\n1,2,3\n", "ratings.csv: has the column movieId twice"),
        (bytes(range(256)) * 50, "ratings.csv: is no text"),
        (b"x," * 200_000 + b"\n", "ratings.csv: "),
    ],
    ids=["empty", "header alone", "no items", "twice", "no text", "one line"],
)
def test_an_unreadable_file_stops_the_run(
    write_input: WriteInput, tmp_path: Path, ratings: bytes, message: str
) -> None:
    with pytest.raises(InputError) as raised:
        load(duckdb.connect(), find_inputs(write_input(ratings)).snapshot(), tmp_path)
    assert message in str(raised.value)


def test_a_catalogue_without_rows_stops_the_run(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(HEADER + "1,10,3,1\n", "movieId,title,genres\n\n")
    with pytest.raises(
        InputError, match=r"^movies.csv: has a header but no rows; check how it was exported$"
    ):
        load(duckdb.connect(), find_inputs(folder).snapshot(), tmp_path)


def test_a_list_of_hidden_films_and_one_of_users_may_be_empty(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,3,1\n", hidden="movieId\n", users="userId,gender\n")
    assert result.ratings() == [("1", "10", 3)]


def test_unknown_columns_are_named(cleaned: Any) -> None:
    result = cleaned(
        "userId,movieId,stars,,time\n1,10,3,x,1\n",
        "movieId,title,genres," + ",".join(f"c{number}" for number in range(25)) + f"\n10,T,D{',' * 25}\n",
        hidden="movieId\n",
    )
    named = ", ".join(f"c{number}" for number in range(20))
    assert [*ignored_columns(result.loaded.sources())] == [
        "ratings.csv: ignores the columns stars, (without a name), time",
        f"movies.csv: ignores the columns {named}, and 5 more",
    ]


def test_unknown_columns_of_parquet_are_named(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(HEADER)
    _write_parquet(folder, "ratings", "select 1 as userid, 10 as movieid, 3 as Stars")
    sources = Cleaned(folder, tmp_path).loaded.sources()
    assert [*ignored_columns(sources)] == ["ratings.parquet: ignores the columns Stars"]


@pytest.mark.parametrize("name", ["ratings.csv.gz", "ratings.parquet"])
def test_a_damaged_file_stops_the_run(write_input: WriteInput, tmp_path: Path, name: str) -> None:
    folder = write_input(HEADER)
    (folder / "ratings.csv").unlink()
    whole = gzip.compress(os.urandom(10_000))
    (folder / name).write_bytes(whole[:5_000])
    with pytest.raises(InputError, match=rf"^{name}.*"):
        load(duckdb.connect(), find_inputs(folder).snapshot(), tmp_path)


def test_an_input_in_two_formats_is_ambiguous(write_input: WriteInput) -> None:
    folder = write_input(HEADER)
    (folder / "ratings.parquet").touch()
    with pytest.raises(InputError, match=r"holds ratings\.csv and ratings\.parquet"):
        find_inputs(folder)


def test_ids_are_titles_if_no_file_describes_items(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(HEADER + "1,10,3,1\n")
    (folder / "movies.csv").unlink()
    assert Cleaned(folder, tmp_path).rows("select item_id, title from items") == [("10", "10")]


def test_a_folder_without_interactions_stops_the_run(write_input: WriteInput) -> None:
    folder = write_input(HEADER)
    (folder / "ratings.csv").unlink()
    with pytest.raises(InputError, match="interactions"):
        find_inputs(folder)


@pytest.mark.parametrize("kind", ["dangling", "folder"])
def test_an_input_that_is_no_file_is_refused(write_input: WriteInput, kind: str) -> None:
    folder = write_input(HEADER)
    if kind == "folder":
        (folder / "hidden.csv").mkdir()
    else:
        (folder / "hidden.csv").symlink_to("nowhere")
    with pytest.raises(InputError, match=r"hidden.csv: is no file"):
        find_inputs(folder)


def test_the_letter_case_of_a_file_name_does_not_matter(write_input: WriteInput) -> None:
    folder = write_input(HEADER + "1,10,3,1\n")
    (folder / "HIDDEN.CSV").write_text("movieId\n1\n", encoding="utf-8")
    hidden = find_inputs(folder).hidden
    assert hidden
    assert hidden.paths == (folder / "HIDDEN.CSV",)


def test_the_fingerprint_knows_every_byte_of_every_file(write_input: WriteInput) -> None:
    row, movie = HEADER + "1,10,3,1\n", "movieId,title,genres\n10,Ten,\n"
    prints = [
        find_inputs(write_input(*texts)).snapshot().fingerprint
        for texts in [
            *((row, movie), (row, movie), (row, movie + " "), (row + "1,11,3,1\n", movie)),
            (row, movie, STARS),
        ]
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 4


def test_cleaning_leaves_no_copy_of_the_input(write_input: WriteInput, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    Cleaned(write_input(DIRTY), work)
    assert list(work.iterdir()) == []


def _write_parquet(folder: Path, name: str, query: str) -> None:
    duckdb.execute(f"copy ({query}) to $target (format parquet)", {"target": str(folder / f"{name}.parquet")})
    (folder / f"{name}.csv").unlink(missing_ok=True)


def test_a_parquet_file_may_have_columns_of_any_other_name(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(HEADER)
    others = "7 as file_row_number, -1 as line, 2 as source_row"
    row = f"select 1e16 as userId, 'a:NaN,' as movieId, {others}"
    _write_parquet(folder, "ratings", f"{row} union all {row}")
    cleaned = Cleaned(folder, tmp_path)
    assert cleaned.ratings() == [("10000000000000000", "a:NaN,", None)]
    assert cleaned.rows("select raw from rejected_rows where rule = 'superseded'") == [
        ('{"userId":"1e+16","movieId":"a:NaN,","file_row_number":"7","line":"-1","source_row":"2"}',)
    ]


def test_genres_of_parquet_may_be_a_list(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(HEADER + "1,1,3,1\n")
    _write_parquet(folder, "movies", "select 1 as movieId, 'A' as title, ['X, Y', 'Z'] as genres")
    assert Cleaned(folder, tmp_path).rows("select genres from items") == [(["X, Y", "Z"],)]


def test_a_line_that_does_not_parse_is_rejected_and_takes_no_other_with_it(cleaned: Any) -> None:
    lines = [
        (b"1,10,3", "missing_columns"),
        (b"1", "missing_columns"),
        (b"1,10,3,1,7", "too_many_columns"),
        (b'1,10,"3"x,1', "misplaced_quote"),
        (b'"1,10,3,1', "misplaced_quote"),
        (b'1,10,"3,1', "misplaced_quote"),
        (b'1,10, "3,1', "misplaced_quote"),
        (b'1,1"0,"3,1', "misplaced_quote"),
        (b"1,\xff\xfe,3,1", "not_text"),
        (b"1,1\x010,3,1", "not_text"),
        (b"1," + b"2" * 3_000_000 + b",3,1", "too_long"),
    ]
    rows = [b"1,g%d,3,1\n%b\n" % (at, line) for at, (line, _) in enumerate(lines)]
    result = cleaned(HEADER.encode() + b"\n" + b"".join(rows) + b"1,last,3,1\n")
    assert result.rejected() == [(4 + 2 * at, rule) for at, (_, rule) in enumerate(lines)]
    kept = [(f"g{at}", 3 + 2 * at) for at in range(len(lines))] + [("last", 3 + 2 * len(lines))]
    assert result.rows("select item_id, line from interactions order by line") == kept


@pytest.mark.parametrize("before", [0, 10, 100_000, 199_990])
def test_whether_a_line_is_too_long_does_not_depend_on_its_place(cleaned: Any, before: int) -> None:
    rows = [f"1,{'a' * before},3,1", f"1,{'b' * 199_990},3,1", f"1,{'c' * 200_000},3,1", "1,d,3,1"]
    result = cleaned(HEADER + "\n".join(rows))
    assert [row[1][0] for row in result.ratings()] == (["b", "d"] if before == 0 else ["a", "b", "d"])
    assert result.rejected()[-1] == (4, "too_long")


def test_the_spelling_of_a_csv_file_does_not_matter(cleaned: Any) -> None:
    for kind, text in {
        "BOM": "\ufeffuserId,movieId,rating,timestamp\n18,Ä,4.5,100\n",
        "CRLF": "userId,movieId,rating,timestamp\r\n18,Ä,4.5,100\r\n",
        "CR": "userId,movieId,rating,timestamp\r18,Ä,4.5,100\r",
        "mixed newlines": "userId,movieId,rating,timestamp\r\n18,Ä,4.5,100\n\r\n\n",
        "blank lines": "\n \nuserId,movieId,rating,timestamp\n\n  \n18,Ä,4.5,100",
        "other order": "timestamp,extra,rating,movieId,userId\n100,x,4.5,Ä,18\n",
        "quoted": '"userId","movieId","rating","timestamp"\n"18","Ä","4.5","100"\n',
        "quoted with spaces": 'userId,movieId,rating,timestamp\n "18" ,"Ä", 4.5,"100"\n',
        "spaces": " USERID , movieid,Rating,Timestamp\n18.0, Ä\t,4.5\t,100.0\n\t\n",
    }.items():
        result = cleaned(text)
        assert result.ratings() == [("18", "Ä", 4.5)], kind
        assert result.rejected() == [], kind


def test_a_large_dirty_file_loses_no_row_and_no_line_number(cleaned: Any) -> None:
    lines = [HEADER.strip()]
    for number in range(2, 50_002):
        kind = number % 1000
        lines.append(
            {0: "", 1: f'"{number},1,3,1', 2: f"{number},1,99,1", 3: f"{number},1"}.get(
                kind, f"{number},1,3,1"
            )
        )
    result = cleaned("\n".join(lines))
    assert result.rows("select count(*) from interactions where user_id <> cast(line as varchar)") == [(0,)]
    assert result.counts.rows_kept == 50_000 - 4 * 50
    assert result.rows(
        "select rule, count(*), bool_and(line % 1000 between 1 and 3) from rejected_rows "
        "group by rule order by rule"
    ) == [
        ("misplaced_quote", 50, True),
        ("missing_columns", 50, True),
        ("rating_out_of_range", 50, True),
    ]


QUERY = """
[interactions]
query = "{}"
user = "customer"
item = "product"
"""


def test_a_query_reads_files_of_the_folder(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(
        "c,p,n\n1,a,1\n2,b,0\n", spec=QUERY.format("select c as customer, p as product from 'r*.csv'")
    )
    assert [row[:2] for row in Cleaned(folder, tmp_path).ratings()] == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1 as customer, 2 as product) to 'out.csv'",
        "select 1 as customer, 2 as product; select 1 as customer, 2 as product",
        "select * from '../outside.csv'",
        "select customer from",
        "",
    ],
)
def test_a_query_that_is_no_select_of_files_of_the_folder_is_bad_input(
    write_input: WriteInput, tmp_path: Path, query: str
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "outside.csv").write_text("customer,product\n1,2\n", encoding="utf-8")
    folder = write_input(HEADER, spec=QUERY.format(query))
    with pytest.raises(InputError, match="quer"):
        find_inputs(folder).with_results(work)
    assert not (folder / "out.csv").exists()
