"""Understand: what files mean without a hint, and what is said where that can't be known."""

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings, strategies as st

from batch.data.input_spec import FILE, InputSpec, read_spec
from batch.data.inspection.findings import unused_files
from batch.data.inspection.understand import Understanding, understand
from batch.errors import InputError
from tests.exports import EXPORTS, Row, rows
from tests.films import MOVIES, RATINGS

HEADER = "userId,movieId,rating,timestamp"
OLD = {
    "interactions": {"file": "ratings.csv", "user": "userId", "item": "movieId"},
    "value": {"column": "rating"},
    "time": {"column": "timestamp"},
    "items": {"file": "movies.csv", "id": "movieId", "title": "title", "genres": "genres"},
}


def _understood(folder: Path, **files: str | bytes) -> Understanding:
    """Write files, whose names have __ for a dot, and look at them."""
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return understand([folder])


def _keys(found: Understanding) -> dict[str, Any]:
    assert found.problems == ()
    assert found.spec is not None
    return found.spec.model_dump(exclude_defaults=True)


def _problem(found: Understanding) -> str:
    assert found.spec is None
    assert len(found.problems) == 1, found.problems
    return found.problems[0]


def _table(header: str, line: str, separator: str = ",") -> str:
    """Return a table; `line` has user, item, stars (1 to 5), n (a number from 0) and at in braces."""
    lines = [header] if header else []
    for n, row in enumerate(rows()):
        stars = 4 + n % 2 if row.is_liked else 1 + n % 3
        lines.append(line.format(user=row.user, item=row.item, stars=stars, n=n, at=row.at, s=_second(row)))
    return "".join(line.replace(",", separator) + "\n" for line in lines)


def _second(row: Row) -> int:
    return int(row.at.timestamp())


_PAIRS = _table("user,item", "{user},{item}")


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_understood_without_a_hint(name: str, tmp_path: Path) -> None:
    export = EXPORTS[name]
    export.write(tmp_path)
    found = understand([tmp_path])
    assert found.problems == ()
    assert found.spec == export.spec


@pytest.mark.parametrize("name", EXPORTS)
def test_what_is_understood_is_written_so_that_it_is_read_as_the_same(name: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(Understanding(tmp_path, EXPORTS[name].spec).toml(), encoding="utf-8")
    assert read_spec(tmp_path) == EXPORTS[name].spec


@pytest.mark.parametrize(
    "ratings",
    [
        RATINGS,
        f"{HEADER}\n1,1,5,1\n1,2,4,2\n",
        f"{HEADER}\n1,1,5,1\n1,2,5,2\n",
        f"{HEADER}\n1.0,1.0,4.0,964982703\n,2.0,-8.0,964982703\n\n1,3\n",
        f"{HEADER}\n1,1,5,1\n1,2,1,2\n",
    ],
)
def test_the_old_files_mean_what_they_always_did(ratings: str, tmp_path: Path) -> None:
    found = _understood(tmp_path, ratings__csv=ratings, movies__csv=MOVIES)
    assert _keys(found) == OLD


def test_old_files_have_their_attributes_and_segments_and_no_others(tmp_path: Path) -> None:
    found = _understood(
        tmp_path,
        ratings__csv=f"{HEADER},comment\n1,1,5,1,x\n2,1,4,2,y\n",
        movies__csv="movieId,title,genres,year,price\n1,A (1999),Drama,1998,3\n",
        users__csv="userId,gender,age,occupation,zip\n1,F,25,x,12345\n",
        hidden__csv="movieId\n1\n",
    )
    users: dict[str, Any] = {"file": "users.csv", "id": "userId"}
    users["segments"] = ("gender", "age", "occupation")
    users["attributes"] = {"gender": "gender", "age": "age", "occupation": "occupation"}
    assert _keys(found) == OLD | {"users": users, "hidden": {"file": "hidden.csv", "id": "movieId"}}
    assert found.ignored == (
        "ratings.csv: ignores the columns comment",
        "movies.csv: ignores the columns year, price",
        "users.csv: ignores the columns zip",
    )


def test_columns_that_were_optional_may_be_missing(tmp_path: Path) -> None:
    found = _understood(tmp_path, ratings__csv="MovieID,UserID\n1,1\n2,1\n")
    assert _keys(found) == {"interactions": {"file": "ratings.csv", "user": "UserID", "item": "MovieID"}}


@pytest.mark.parametrize(
    ("header", "line", "separator", "keys"),
    [
        (HEADER, "{user},{item},{stars},{s}000", ";", {"time": {"format": "ms"}}),
        (HEADER, "{user},{item},{stars},{s}000000", "\t", {"time": {"format": "us"}}),
        (HEADER, "{user},{item},{stars},{at:%Y%m%d}", ",", {"time": {"format": "yyyymmdd"}}),
        (HEADER, "{user},{item},{stars},{at:%Y-%m-%dT%H:%M:%S}+02:00", ",", {}),
        ("", "{user},{item},{stars},{s}", ",", {"time": {"format": "s"}}),
        ("", "{user},{item},{stars},{s}", "::", {"time": {"format": "s"}}),
        ("user,item,stars,when", "{user},{item},{stars},{at:%d/%m/%Y %H:%M}", ",",
         {"time": {"format": "%d/%m/%Y %H:%M"}}),
        ("user,item,stars,date", "{user},{item},{stars},{at:%m/%d/%Y %I:%M %p}", ",",
         {"time": {"format": "%m/%d/%Y %I:%M %p"}}),
        ("user;item;stars;date", "{user};{item};{stars};45{user}0,25", ",", {"time": {"format": "excel"}}),
        ("user,item,stars,time", "{user},{item},{stars},{at:%Y-%m-%d %H:%M:%S} UTC", ",",
         {"time": {"format": "%Y-%m-%d %H:%M:%S UTC"}}),
    ],
)  # fmt: skip
def test_separators_headers_and_times_are_recognised(
    header: str, line: str, separator: str, keys: dict[str, Any], tmp_path: Path
) -> None:
    text = _table(header, line.replace("45{user}0", "45{user:03d}"), separator)
    found = _keys(_understood(tmp_path, ratings__csv=text))
    actual = ";" if ";" in header else separator
    assert found["interactions"].get("separator", ",") == actual
    assert found["interactions"].get("header", True) is bool(header)
    assert found["interactions"]["user"] == (header.replace(";", ",").split(",")[0] or 1)
    assert found["time"].get("format", "auto") == keys.get("time", {"format": "auto"})["format"]
    assert "scale" not in found["value"]


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (lambda n: n % 10 + 1, {"scale": (1.0, 10.0)}),
        (lambda n: n % 2, {"scale": (0.0, 1.0)}),
        (lambda n: n * 37 % 101, {"scale": (0.0, 100.0)}),
        (lambda n: (n * 37 % 201 - 100) / 10, {"scale": (-10.0, 10.0)}),
        (lambda n: n % 3 - 1, {"scale": (-1.0, 1.0), "positive": 1.0}),
        (lambda n: n % 20 / 2 + 0.5, {"scale": (0.5, 10.0)}),
        (lambda n: -1 if n % 4 == 0 else n % 10 + 1, {"scale": (1.0, 10.0), "unrated": (-1.0,)}),
        (lambda n: 0 if n % 4 else n // 4 % 10 + 1, {"scale": (1.0, 10.0), "unrated": (0.0,)}),
        (lambda n: n % 6, {"scale": (0.0, 5.0)}),
        (lambda n: 99 if n % 3 == 0 else n % 19 - 9.5, {"scale": (-10.0, 10.0), "unrated": (99.0,)}),
        (lambda n: -8 if n % 200 == 0 else 77 if n % 200 == 1 else n % 5 + 1, {}),
    ],
)
def test_scales_are_recognised(number: Any, value: dict[str, Any], tmp_path: Path) -> None:
    lines = [f"{row.user},{row.item},{number(n)},{_second(row)}" for n, row in enumerate(rows())]
    found = _keys(_understood(tmp_path, ratings__csv="\n".join([HEADER, *lines])))
    assert found["value"] == {"column": "rating", **value}


@pytest.mark.parametrize(
    ("header", "line", "words"),
    [
        # Purchase counts in a column that is called rating.
        (HEADER, "{user},{item},{count},{s}", ("counts", 'kind = "stars"', 'kind = "weight"')),
        (HEADER, "{user},{item},{seven},{s}", ("from 1 to 7", "scale = [1, 7]")),
        ("user,item,stars,date", "{user},{item},{stars},{month:02d}/0{day}/2024", ("%d/%m/%Y", "%m/%d/%Y")),
        ("user,item,event", "{user},{item},{word}", ('"swipe"', 'swipe = "?"', "view = 1")),
        ("user,item,stars,date", "{user},{item},{stars},{day}", ("no times", 'format = "s"')),
        ("foo,bar,baz", "{user},{item},{stars}", ("foo (1)", 'user = "?"')),
        ("userId", "{user}", ("one column",)),
        (HEADER, "{user},{item},good,{s}", ("has no numbers",)),
    ],
)
def test_what_is_in_doubt_is_a_problem_with_the_lines_that_settle_it(
    header: str, line: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    lines = [header]
    for n, row in enumerate(rows()):
        count = 40 if n % 97 == 0 else 2 if n % 3 == 0 else 3 if n % 10 == 1 else 1
        values = {"count": count, "seven": n % 7 + 1, "month": n % 12 + 1, "day": n % 9 + 1}
        word = ("view", "swipe")[n % 2]
        lines.append(
            line.format(user=row.user, item=row.item, stars=n % 5 + 1, s=_second(row), word=word, **values)
        )
    found = _understood(tmp_path, ratings__csv="\n".join(lines))
    problem = _problem(found)
    assert problem.startswith("ratings.csv")
    assert [word for word in words if word not in problem] == []


def test_all_problems_are_reported_at_once_and_their_input_toml_is_refused_until_they_are_settled(
    tmp_path: Path,
) -> None:
    lines = [
        f"{row.user},{row.item},{n % 7 + 1},0{n % 9 + 1}/0{n % 8 + 1}/2024" for n, row in enumerate(rows())
    ]
    found = _understood(tmp_path, likes__csv="\n".join(["user,item,stars,date", *lines]))
    assert [each.partition(":")[0] for each in found.problems] == [
        "likes.csv, column stars", "likes.csv, column date",
    ]  # fmt: skip
    (tmp_path / FILE).write_text(found.toml(), encoding="utf-8")
    with pytest.raises(InputError, match=r"(?s)value\.kind.*time\.format"):
        read_spec(tmp_path)
    settled = (
        found.toml().replace('kind = "?"', "scale = [1, 7]", 1).replace('format = "?"', 'format = "%d/%m/%Y"')
    )
    (tmp_path / FILE).write_text(settled, encoding="utf-8")
    spec = read_spec(tmp_path)
    assert spec is not None
    assert spec.value is not None
    assert spec.value.scale == (1, 7)


@pytest.mark.parametrize(
    ("encoding", "found_as"),
    [("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"), ("latin-1", "latin-1"),
     ("cp1252", "cp1252"), ("utf-8-sig", "utf-8"), ("utf-8", "utf-8")],
)  # fmt: skip
def test_encodings_are_recognised(encoding: str, found_as: str, tmp_path: Path) -> None:
    sign = "€" if encoding == "cp1252" else "é"
    movies = "movieId,title,genres\n" + "".join(
        f"{n},Misérables {sign} {n} (1990),Drama\n" for n in range(50)
    )
    found = _understood(tmp_path, ratings__csv=RATINGS, movies__csv=movies.encode(encoding))
    assert found.spec is not None
    assert found.spec.items is not None
    assert found.spec.items.encoding == found_as


def test_a_few_broken_bytes_do_not_make_another_encoding(tmp_path: Path) -> None:
    broken = f"{HEADER}\n1,1,5,1\n".encode() + b"1,\xff\xfe,4,2\n1,2,\x80,5\n2,1,4,6\n"
    movies = (
        "movieId,title,genres\n1,Amélie (2001),Drama\n2,Léon (1994),Drama\n".encode() + b"3,L\xe9on,Drama\n"
    )
    assert _keys(_understood(tmp_path, ratings__csv=broken, movies__csv=movies)) == OLD


def test_an_encoding_that_can_not_be_known_is_a_problem(tmp_path: Path) -> None:
    movies = "movieId,title,genres\n1,Ирония судьбы (1976),Драма\n2,Солярис (1972),Драма\n".encode("cp1251")
    assert "cp1251" in _problem(_understood(tmp_path, ratings__csv=RATINGS, movies__csv=movies))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "has no ratings.csv, nor any other interactions"),
        ({"ratings__csv": ""}, "is empty"),
        ({"ratings__csv": f"{HEADER}\n"}, "has a header, but no rows"),
        ({"ratings__csv": "\n\n \n"}, "has no rows"),
        ({"ratings__csv": bytes(range(256)) * 20}, "is no text"),
        ({"ratings__csv": b"PK\x03\x04 and so on"}, "Excel workbook"),
        ({"ratings__parquet": "userId,movieId\n1,1\n"}, "is no Parquet"),
        ({"ratings__csv__gz": "userId,movieId\n1,1\n"}, "is not compressed"),
        ({"ratings__csv": gzip.compress(RATINGS.encode())}, "ends with .gz"),
        ({"ratings__csv__gz": gzip.compress(RATINGS.encode())[:-20]}, "is damaged"),
        ({"reviews__json": '[{"user": 1, "item": 2}]'}, "is one JSON array"),
        ({"ratings__csv": RATINGS, "ratings__csv__gz": gzip.compress(RATINGS.encode())}, "keep the one"),
        ({"orders__csv": _PAIRS, "views__csv": _PAIRS},
         "orders.csv and views.csv may each"),
    ],
)  # fmt: skip
def test_files_that_can_not_be_used_are_problems(
    files: dict[str, str | bytes], words: str, tmp_path: Path
) -> None:
    found = _understood(tmp_path, **files)
    assert found.spec is None
    assert words in "\n".join(found.problems)


def test_a_table_in_csv_and_parquet_is_there_twice(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.sql("select 1 as userId, 2 as movieId").write_parquet(str(tmp_path / "ratings.parquet"))
    assert "ratings.csv and ratings.parquet; keep the one" in _problem(
        _understood(tmp_path, ratings__csv=RATINGS)
    )


def test_names_of_columns_with_other_words_and_spellings_are_known(tmp_path: Path) -> None:
    text = _table("Customer ID,Restaurant-ID,Overall,Review Date", "{user},{item},{stars},{at:%Y-%m-%d}")
    found = _keys(_understood(tmp_path, reviews__csv=text))
    assert found["interactions"] == {
        "file": "reviews.csv", "user": "Customer ID", "item": "Restaurant-ID"
    }  # fmt: skip
    assert found["time"] == {"column": "Review Date", "format": "iso"}


def test_kinds_of_events_have_weights_by_their_words(tmp_path: Path) -> None:
    words = ("view", "add_to_cart", "Purchase", "remove_from_cart", "wishlist")
    lines = [f"{row.at.isoformat()},{row.user},{words[n % 5]},p{row.item}" for n, row in enumerate(rows())]
    found = _keys(
        _understood(tmp_path, log__csv="\n".join(["event_time,user_id,event_type,product_id", *lines]))
    )
    kinds = {"view": 1, "add_to_cart": 3, "Purchase": 5, "remove_from_cart": "negative", "wishlist": 3}
    assert found["event"] == {"column": "event_type", "kinds": kinds}
    headerless = _keys(_understood(tmp_path, log__csv="\n".join(lines)))
    assert headerless["event"] == {"column": 3, "kinds": kinds}
    assert (headerless["interactions"]["user"], headerless["interactions"]["item"]) == (2, 4)


def test_parts_and_compressed_files_are_one_table(tmp_path: Path) -> None:
    lines = _table("userId,productId,rating", "{user},{item},{stars}").splitlines()
    for part in range(3):
        text = "\n".join([lines[0], *lines[1 + part :: 3]])
        content = zstandard.ZstdCompressor().compress(text.encode())
        (tmp_path / f"part-{part:05d}-c000.csv.zst").write_bytes(content)
    found = understand([tmp_path])
    assert _keys(found)["interactions"]["file"] == "part-*-c*.csv.zst"
    assert found.tables["interactions"].sniffed.is_whole
    assert len(found.tables["interactions"].sniffed.rows) == len(lines) - 1


@pytest.mark.parametrize("users", [7, 60])
@pytest.mark.parametrize("number", [80, 900])
def test_without_a_header_a_time_is_neither_user_nor_item(users: int, number: int, tmp_path: Path) -> None:
    lines = [f"{row.user % users},{row.item % 11},{n % 5 + 1},{_second(row)}" for n, row in enumerate(rows())]
    found = _keys(_understood(tmp_path, ratings__csv="\n".join(lines[:number])))
    assert (found["interactions"]["user"], found["interactions"]["item"]) == (1, 2)
    assert (found["value"]["column"], found["time"]["column"]) == (3, 4)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{item:010d},A1{user:09d}QX,{stars},{s}", "column 2 has values such as A1"),
        ("B00{item:07d},{user},{stars},{s}", "column 1 has values such as B00"),
        ("{user},user_{item},{stars}", "column 2 has values such as user_"),
        ("{stars},{user},{item}7", "column 1, before these, may be one of them"),
        # An order says who ordered.
        ("9{user}0{half},{user},{item},{stars}", "each value of column 1 has one of column 2 only"),
        ("{user},{n}001,{stars}", "column 2 has hardly a value twice"),
    ],
)
def test_without_a_header_what_speaks_against_the_position_is_a_doubt(
    line: str, why: str, tmp_path: Path
) -> None:
    lines = [
        line.format(user=row.user, item=row.item, stars=n % 5 + 1, s=_second(row), n=n, half=n % 16 // 8)
        for n, row in enumerate(rows())
    ]
    problem = _problem(_understood(tmp_path, ratings__csv="\n".join(lines)))
    assert why in problem
    assert "user = " in problem


def test_without_a_header_the_table_of_items_tells_which_column_has_items(tmp_path: Path) -> None:
    ratings = _table("", "{item},{user},{stars},{s}")
    movies = "id,title\n" + "".join(f"{item},Film {item}\n" for item in range(1, 41))
    assert "movies.csv has 100% of the ids in column 1" in _problem(
        _understood(tmp_path, ratings__csv=ratings, movies__csv=movies)
    )


@pytest.mark.parametrize("header", ["", "n,user_id,a,b,c,d,e,f,g,h,i,j\n"])
def test_a_wide_table_is_a_problem_with_a_query_that_makes_interactions_of_it(
    header: str, tmp_path: Path
) -> None:
    numbers = [
        ["99" if (user + item) % 3 else f"{user * item % 20 - 9.5}" for item in range(10)]
        for user in range(150)
    ]
    lines = [f"25,u{user}z,{','.join(each)}" for user, each in enumerate(numbers)]
    problem = _problem(_understood(tmp_path, jokes__csv=header + "\n".join(lines)))
    assert "is a wide table" in problem
    settled = "\n".join(line.removeprefix("  ") for line in problem.splitlines()[1:])
    (tmp_path / FILE).write_text(settled, encoding="utf-8")
    spec = read_spec(tmp_path)
    assert spec is not None
    assert spec.value is not None
    assert (spec.value.scale, spec.value.unrated) == ((-10, 10), (99,))
    with duckdb.connect(config={"file_search_path": str(tmp_path)}) as connection:
        found = connection.sql(spec.interactions.query)
        columns = (spec.interactions.user, spec.interactions.item, spec.value.column)
        values = found.select(*map(duckdb.ColumnExpression, map(str, columns))).fetchall()
    assert len(values) == 150 * 10
    assert [(user, float(value)) for user, _, value in values[:2]] == [("u0z", -9.5), ("u0z", 99)]


def test_an_object_is_no_id_but_what_is_in_it(tmp_path: Path) -> None:
    lines = [
        json.dumps({"user": {"id": f"u{row.user}", "at": ["x"]}, "product": {"id": row.item}, "tags": [1]})
        for row in rows()
    ]
    found = _understood(tmp_path, events__ndjson="\n".join(lines))
    assert _keys(found)["interactions"] == {"file": "events.ndjson", "user": "user.id", "item": "product.id"}
    assert found.ignored == ("events.ndjson: ignores the columns user.at, tags",)


@pytest.mark.parametrize("nested", ["{'id': range}", "[range]"])
def test_a_column_of_objects_or_lists_is_no_column_of_ids(nested: str, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        query = f"select range % 9 as user, {nested} as product from range(100)"
        connection.sql(query).write_parquet(str(tmp_path / "events.parquet"))
    assert "which columns are user and item can't be known" in _problem(understand([tmp_path]))


def _settled(problem: str, choice: int, folder: Path) -> InputSpec:
    """Return the spec of an `input.toml` with one of the choices of a problem."""
    lines = problem.split("\n", 1)[1].split("\n  or\n")[choice].splitlines()
    (folder / FILE).write_text("\n".join(line.removeprefix("  ") for line in lines), encoding="utf-8")
    spec = read_spec(folder)
    assert spec is not None
    return spec


def _of_query(spec: InputSpec, folder: Path) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect(config={"file_search_path": str(folder)})
    return connection.sql(spec.interactions.query)


def test_rows_without_a_user_and_returns_are_a_problem_with_queries(tmp_path: Path) -> None:
    lines = [
        f"{row.user if n % 4 else ''},{row.item},{-1 if n % 10 == 1 else n % 5 + 1}"
        for n, row in enumerate(rows())
    ]
    found = _understood(tmp_path, sales__csv="\n".join(["CustomerID,StockCode,Quantity", *lines]))
    problem = _problem(found)
    assert "25.0% of the rows have no user (column CustomerID), and 10.0% have 0 or less" in problem
    bought, returned = (_settled(problem, choice, tmp_path) for choice in (0, 1))
    assert _of_query(bought, tmp_path).filter("CustomerID is null or Quantity::int < 1").fetchall() == []
    assert returned.event is not None
    assert returned.event.kinds == {"purchase": 5, "return": "negative"}
    kinds = dict(_of_query(returned, tmp_path).aggregate("kind, count(*)").fetchall())
    assert kinds == {"purchase": 624, "return": 96}
    (tmp_path / FILE).write_text(found.toml(), encoding="utf-8")
    with pytest.raises(InputError, match="query"):
        read_spec(tmp_path)


def test_ids_of_items_that_are_often_missing_are_a_problem_and_complete_names_a_choice(
    tmp_path: Path,
) -> None:
    lines = [
        f"{row.user:040x}\t{f'id{row.item:032x}' if n % 8 else ''}\tBand {row.item}\t{1000 // (n % 90 + 1)}"
        for n, row in enumerate(rows())
    ]
    problem = _problem(_understood(tmp_path, plays__tsv="\n".join(lines)))
    assert "12.5% of the rows have no item (column 2)" in problem
    assert _settled(problem, 1, tmp_path).interactions.item == 3
    queried = _settled(problem, 0, tmp_path)
    assert (queried.interactions.user, queried.interactions.item) == ("column0", "column1")
    assert len(_of_query(queried, tmp_path).fetchall()) == 840


@pytest.mark.parametrize(
    ("header", "user", "item"),
    [
        ("user_pseudo_id,x,item_id", "user_pseudo_id", "item_id"),
        ("username,x,spotify_track_uri", "username", "spotify_track_uri"),
        ("Email,x,Lineitem sku", "Email", "Lineitem sku"),
        ("Member,x,Letterboxd URI", "Member", "Letterboxd URI"),
        ("idvisitor,x,url", "idvisitor", "url"),
        ("WebCustomerNumber,customer_group_id,webProductCode", "WebCustomerNumber", "webProductCode"),
    ],
)
def test_names_of_columns_are_known_by_their_words(header: str, user: str, item: str, tmp_path: Path) -> None:
    found = _keys(_understood(tmp_path, log__csv=_table(header, "{user},x{stars},{item}")))
    assert (found["interactions"]["user"], found["interactions"]["item"]) == (user, item)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"combined_data_1__txt": "1:\n14,3,2005-01-02\n15,4,2005-01-03\n2:\n14,5,2005-01-02\n",
          "movie_titles__csv": "1,2003,Dino\n2,2004,Isle\n"}, "has blocks of rows"),
        ({"orders__csv": "order_id,user_id,n\n1,7,1\n2,8,1\n",
          "order_products__csv": "order_id,product_id\n1,70\n2,80\n"}, "order_id joins them"),
        ({"ratings__csv": "Date,Name,Year,Rating\n2020-09-13,A,1999,1.5\n"}, "of one person only"),
    ],
)  # fmt: skip
def test_exports_without_users_or_items_in_each_row_say_so(
    files: dict[str, str], words: str, tmp_path: Path
) -> None:
    assert words in _problem(_understood(tmp_path, **files))


def test_two_tables_are_joined_by_the_query_of_the_problem(tmp_path: Path) -> None:
    problem = _problem(
        _understood(
            tmp_path,
            orders__csv="order_id,user_id,n\n1,7,1\n2,8,1\n",
            order_products__csv="order_id,product_id\n1,70\n2,80\n2,70\n",
        )
    )
    pairs = _of_query(_settled(problem, 0, tmp_path), tmp_path).project("user_id, product_id").fetchall()
    assert sorted(pairs) == [("7", "70"), ("8", "70"), ("8", "80")]


@pytest.mark.parametrize(
    ("header", "line", "choices"),
    [
        ("", "{user},g{item},{word},{n}.5,0", ("play = 1", "column = 4")),
        (
            "user_id,item_id,ms_played,reason",
            "{user},{item},{n}000,x{stars}",
            ("without [value]", "ms_played"),
        ),
        ("user_id,item_id,event,quantity", "{user},{item},{word},{n}", ("play = 1", '"quantity"')),
        ("", "{user},{item},{stars},{n}", ("column = 3", "column = 4")),
    ],
)
def test_numbers_that_may_be_a_weight_are_not_ignored_in_silence(
    header: str, line: str, choices: tuple[str, ...], tmp_path: Path
) -> None:
    lines = [header] if header else []
    lines += [
        line.format(
            user=f"u{row.user}", item=row.item, stars=n % 5 + 1, n=n, word=("play", "purchase")[n % 2]
        )
        for n, row in enumerate(rows())
    ]
    found = _understood(tmp_path, plays__csv="\n".join(lines))
    problem = _problem(found)
    assert [each for each in choices if each not in problem] == []
    (tmp_path / FILE).write_text(found.toml(), encoding="utf-8")
    with pytest.raises(InputError, match="value"):
        read_spec(tmp_path)


def test_a_number_that_each_item_has_is_no_value(tmp_path: Path) -> None:
    lines = [
        f"{row.user},{row.item},{row.item % 7 + 100},{('pv', 'buy')[n % 2]},{_second(row)},{_second(row) + 9}"
        for n, row in enumerate(rows())
    ]
    found = _keys(_understood(tmp_path, behavior__csv="\n".join(lines)))
    assert (found["event"]["column"], found["time"]["column"], found.get("value")) == (4, 5, None)


def test_files_that_an_input_toml_does_not_name_are_not_used(tmp_path: Path) -> None:
    found = _understood(
        tmp_path, ratings__csv=RATINGS, movies__csv=MOVIES, parts_1__csv=_PAIRS, parts_2__csv=_PAIRS
    )
    spec = InputSpec.model_validate(
        {"interactions": {"file": "ratings.csv", "user": "userId", "item": "movieId"},
         "items": {"query": "select * from 'parts_*.csv'", "id": "item"}}
    )  # fmt: skip
    paths = found.tables["interactions"].paths
    assert unused_files(tmp_path, spec, paths) == ("movies.csv: is not used",)


def test_the_stars_that_there_are_are_named(tmp_path: Path) -> None:
    found = _understood(tmp_path, ratings__csv=_table(HEADER, "{user},{item},{stars},{s}"))
    assert "value: column rating: stars from 1 to 5, on a scale from 0.5 to 5" in found.findings


def test_missing_values_are_missing_and_dirty_rows_do_not_change_what_columns_mean(tmp_path: Path) -> None:
    lines = [
        f"{row.user if n % 9 else 'NULL'},{row.item},{n % 5 + 1 if n % 7 else 'None'},{_second(row)}"
        + (",more" if n % 50 == 0 else "")
        for n, row in enumerate(rows())
    ]
    found = _understood(tmp_path, ratings__csv="\n".join([HEADER, *lines]), movies__csv=MOVIES)
    assert _keys(found) == OLD


def test_a_link_to_nothing_and_an_empty_folder_with_the_name_of_a_file_are_problems(tmp_path: Path) -> None:
    (tmp_path / "users.csv").symlink_to(tmp_path / "gone")
    (tmp_path / "hidden.csv").mkdir()
    found = _understood(tmp_path, ratings__csv=RATINGS, movies__csv=MOVIES)
    reason = "is no file; put one there, or move it away"
    assert found.problems == (f"hidden.csv: {reason}", f"users.csv: {reason}")


def test_a_folder_with_the_name_of_a_file_has_its_parts_and_lists_are_genres(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        for name, query in (
            ("ratings", "select range % 9 as userId, range as movieId from range(20)"),
            (
                "movies",
                "select range as movieId, 'A' || range as title, ['Drama', 'War'] as genres from range(20)",
            ),
        ):
            (tmp_path / f"{name}.parquet").mkdir()
            for part in range(2):
                path = tmp_path / f"{name}.parquet" / f"part-{part}.parquet"
                connection.sql(query).write_parquet(str(path))
    keys = _keys(understand([tmp_path]))
    assert keys["interactions"]["file"] == "ratings.parquet/part-*.parquet"
    assert keys["items"] == {
        "file": "movies.parquet/part-*.parquet", "id": "movieId", "title": "title", "genres": "genres"
    }  # fmt: skip


def test_parts_in_a_folder_with_the_name_of_a_file_have_any_names(tmp_path: Path) -> None:
    parts = {f"ratings.csv/{name}.csv": f"{HEADER}\n{name},1,4,9\n" for name in ("ann", "bob", "eve")}
    found = _understood(tmp_path, **parts, movies__csv=MOVIES)
    assert _keys(found) == {**OLD, "interactions": {**OLD["interactions"], "file": "ratings.csv"}}


@pytest.mark.parametrize(("folder", "file"), [("data", "data/part-*.csv"), ("ratings.csv", "ratings.csv")])
def test_of_more_files_than_are_looked_at_all_parts_are_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, file: str
) -> None:
    monkeypatch.setattr("batch.data.inspection.tables_of_folder.MAX_FILES", 4)
    names = [f"part-{part}" if folder == "data" else "abcdef"[part] for part in range(6)]
    found = _understood(
        tmp_path, **{f"{folder}/{name}.csv": f"{HEADER}\n{name[-1]},1,4,1700000000\n" for name in names}
    )
    assert _keys(found)["interactions"]["file"] == file


def test_files_by_name_are_looked_at_alone(tmp_path: Path) -> None:
    _understood(
        tmp_path, ratings__csv=RATINGS, movies__csv=MOVIES, orders__csv="customer;product\n1;2\n2;2\n"
    )
    found = understand([tmp_path / "orders.csv"])
    assert found.root == tmp_path
    assert _keys(found)["interactions"] == {
        "file": "orders.csv", "separator": ";", "user": "customer", "item": "product"
    }  # fmt: skip


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        understand([tmp_path / "none.csv"])


_CELLS = st.one_of(
    st.integers(-5, 120).map(str),
    st.floats(-20, 200).map(str),
    st.sampled_from(
        ["", "NULL", "\\N", "view", "buy", "2024-01-31", "31.12.2025 20:15", "1700000000", "1700000000000",
         "20231114", "é", "a|b", '"', '"x', "user", "item_id", "rating", "time", "title", "4,5", "\x00",
         "\u2028"]
    ),
    st.text(max_size=6),
)  # fmt: skip


@given(
    files=st.dictionaries(
        st.sampled_from(
            ["ratings.csv", "movies.csv", "users.csv", "events.json", "u.data", "part-1.csv", "part-2.csv"]
        ),
        st.tuples(
            st.lists(st.lists(_CELLS, min_size=1, max_size=5), max_size=8),
            st.sampled_from([",", ";", "\t", "::", "|", " "]),
            st.sampled_from(["utf-8", "utf-16", "utf-16-le", "latin-1", "utf-8-sig", "cp1251"]),
            st.sampled_from(["\n", "\r\n", "\r"]),
        ),
        max_size=3,
    )
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_raises_anything_but_a_problem(files: dict[str, Any], tmp_path: Path) -> None:
    for path in tmp_path.iterdir():
        path.unlink()
    for name, (lines, separator, encoding, newline) in files.items():
        text = newline.join(separator.join(line) for line in lines)
        (tmp_path / name).write_bytes(text.encode(encoding, "ignore"))
    found = understand([tmp_path])
    assert bool(found.problems) is (found.spec is None)
    if found.spec is not None:
        (tmp_path / FILE).write_text(found.toml(), encoding="utf-8")
        assert read_spec(tmp_path) == found.spec


@given(
    content=st.binary(max_size=300),
    name=st.sampled_from(["ratings.csv", "ratings.parquet", "a.json", "b.gz"]),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_raise_anything_but_a_problem(content: bytes, name: str, tmp_path: Path) -> None:
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / name).write_bytes(content)
    assert isinstance(understand([tmp_path]).spec, InputSpec | None)
