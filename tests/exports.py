"""Small made-up exports in the shapes of public data, each with what it means: `EXPORTS` has all of them.

All rows are made up; names of files and columns, separators and encodings are those of the real ones.
"""

import gzip
import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from batch.data.input_spec import InputSpec

USERS, ITEMS = 60, 40
START = datetime(2024, 1, 1, 8, tzinfo=UTC)
GENRES = ("Action", "Comedy", "Drama", "Horror")
GENRES_OF_100K = (
    *("unknown", "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War"),
    "Western",
)
JOBS = ("artist", "doctor", "student")


@dataclass(frozen=True)
class Row:
    """One thing that somebody did: user and item from 1, whether it is to the taste of the user, and when."""

    user: int
    item: int
    is_liked: bool
    at: datetime


@dataclass(frozen=True)
class Export:
    """How a folder is written, and what is in it."""

    write: Callable[[Path], None]
    spec: InputSpec


def rows(seed: int = 1) -> Iterator[Row]:
    """Yield what users did, by user and time: users like items with the same number modulo 4 as theirs."""
    chance = random.Random(seed)  # noqa: S311 (made-up data)
    for user in range(1, USERS + 1):
        at = START + timedelta(hours=chance.randrange(24 * 60))
        for item in chance.sample(range(1, ITEMS + 1), 16):
            is_liked = (item % len(GENRES) == user % len(GENRES)) != (chance.random() < 0.1)
            at += timedelta(minutes=chance.randrange(1, 600))
            yield Row(user, item, is_liked, at)


def _genre(item: int) -> str:
    return GENRES[item % len(GENRES)]


def _title(item: int) -> str:
    return f"Misérables, Les {item} ({1960 + item})" if item % 5 == 0 else f"Story {item} ({1960 + item})"


def _stars(row: Row, lowest: int, highest: int) -> int:
    """Return a number of a scale: high for what is liked, low or in the middle for what is not."""
    middle = (lowest + highest) / 2
    step = (row.user * 7 + row.item * 3) % 10 / 10
    number = middle + step * (highest - middle) + 0.6 if row.is_liked else lowest + step * (middle - lowest)
    return min(highest, round(number))


def _seconds(row: Row) -> int:
    return int(row.at.timestamp())


def _text(folder: Path, name: str, lines: list[str], encoding: str = "utf-8", newline: str = "\n") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(("".join(line + newline for line in lines)).encode(encoding))


def _ml_100k(folder: Path) -> None:
    data = [f"{row.user}\t{row.item}\t{_stars(row, 1, 5)}\t{_seconds(row)}" for row in rows()]
    random.Random(2).shuffle(data)  # noqa: S311 (made-up data)
    _text(folder, "u.data", data)
    flags = {name: place for place, name in enumerate(GENRES_OF_100K)}
    items = []
    for item in range(1, ITEMS + 1):
        ones = ["1" if place == flags[_genre(item)] else "0" for place in range(len(flags))]
        items.append(
            "|".join([str(item), _title(item), "01-Jan-1995", "", f"http://films.example/{item}", *ones])
        )
    _text(folder, "u.item", items, "latin-1")
    _text(
        folder,
        "u.user",
        [
            f"{each}|{18 + each % 50}|{'MF'[each % 2]}|{JOBS[each % 3]}|{10_000 + each}"
            for each in range(1, USERS + 1)
        ],
    )
    _text(folder, "u.genre", [f"{name}|{place}" for place, name in enumerate(GENRES_OF_100K)] + [""])
    _text(folder, "u.info", [f"{USERS} users", f"{ITEMS} items", f"{len(data)} ratings"])
    _text(folder, "u.occupation", list(JOBS))
    for name in ("u1", "u2", "ua"):
        _text(folder, f"{name}.base", data[:800])
        _text(folder, f"{name}.test", data[800:])
    _text(folder, "README", ["Read me."])
    _text(folder, "mku.sh", ["#!/bin/sh", "exit 0"])


_OF_100K = {
    "interactions": {"file": "u.data", "separator": "\t", "header": False, "user": 1, "item": 2},
    "value": {"column": 3},
    "time": {"column": 4, "format": "s"},
    "items": {
        "file": "u.item",
        "separator": "|",
        "encoding": "latin-1",
        "header": False,
        "id": 1,
        "title": 2,
        "genre_flags": {name: place + 6 for place, name in enumerate(GENRES_OF_100K)},
    },
    "users": {
        "file": "u.user",
        "separator": "|",
        "header": False,
        "id": 1,
        "attributes": {"gender": 3, "age": 2, "occupation": 4},
        "segments": ["gender", "age", "occupation"],
    },
}


def _ml_1m(folder: Path) -> None:
    _text(
        folder,
        "ratings.dat",
        [f"{row.user}::{row.item}::{_stars(row, 1, 5)}::{_seconds(row)}" for row in rows()],
    )
    movies = [f"{item}::{_title(item)}::{_genre(item)}|Drama" for item in range(1, ITEMS + 1)]
    _text(folder, "movies.dat", movies, "latin-1")
    _text(
        folder,
        "users.dat",
        [
            f"{each}::{'MF'[each % 2]}::{(18, 25, 35)[each % 3]}::{each % 20}::{10_000 + each}"
            for each in range(1, USERS + 1)
        ],
    )
    _text(folder, "README", ["Read me."])


_OF_1M = {
    "interactions": {"file": "ratings.dat", "separator": "::", "header": False, "user": 1, "item": 2},
    "value": {"column": 3},
    "time": {"column": 4, "format": "s"},
    "items": {
        "file": "movies.dat",
        "separator": "::",
        "encoding": "latin-1",
        "header": False,
        "id": 1,
        "title": 2,
        "genres": 3,
    },
    "users": {
        "file": "users.dat",
        "separator": "::",
        "header": False,
        "id": 1,
        "attributes": {"gender": 2, "age": 3, "occupation": 4},
        "segments": ["gender", "age", "occupation"],
    },
}


def _isbn(item: int) -> str:
    return f"{item:09d}X" if item % 3 == 0 else f"{item:010d}"


def _book_crossing(folder: Path) -> None:
    ratings = ['"User-ID";"ISBN";"Book-Rating"']
    for row in rows():
        number = 0 if (row.user + row.item) % 5 < 3 else max(1, _stars(row, 1, 10))
        ratings.append(f'"{row.user + 276_000}";"{_isbn(row.item)}";"{number}"')
    _text(folder, "BX-Book-Ratings.csv", ratings, "latin-1", "\r\n")
    sizes = ("S", "M", "L")
    books = [
        ";".join(
            f'"{name}"'
            for name in (
                *("ISBN", "Book-Title", "Book-Author", "Year-Of-Publication", "Publisher"),
                *(f"Image-URL-{size}" for size in sizes),
            )
        )
    ]
    for item in range(1, ITEMS + 1):
        title = 'The \\"Quoted\\" Book' if item == 7 else f"Bücher & more; No. {item}"
        images = (f"http://images.example/{_isbn(item)}.{size}.jpg" for size in sizes)
        values = (_isbn(item), title, f"Author {item % 9}", 1980 + item % 20, f"Verlag {item % 4}", *images)
        books.append(";".join(f'"{value}"' for value in values))
    _text(folder, "BX-Books.csv", books, "latin-1", "\r\n")
    users = ['"User-ID";"Location";"Age"']
    for each in range(1, USERS + 1):
        age = "NULL" if each % 3 == 0 else f'"{18 + each % 50}"'
        users.append(f'"{each + 276_000}";"köln, nrw, germany";{age}')
    _text(folder, "BX-Users.csv", users, "latin-1", "\r\n")


_BX_FILE = {"separator": ";", "encoding": "latin-1"}
_OF_BOOK_CROSSING = {
    "noun": ["book", "books"],
    "interactions": {"file": "BX-Book-Ratings.csv", "separator": ";", "user": "User-ID", "item": "ISBN"},
    "value": {"column": "Book-Rating", "scale": [1, 10], "unrated": [0]},
    "items": {
        "file": "BX-Books.csv",
        **_BX_FILE,
        "id": "ISBN",
        "title": "Book-Title",
        "year": "Year-Of-Publication",
        "image": "Image-URL-L",
        "attributes": {"Book_Author": "Book-Author", "Publisher": "Publisher"},
    },
    "users": {
        "file": "BX-Users.csv",
        **_BX_FILE,
        "id": "User-ID",
        "attributes": {"age": "Age", "Location": "Location"},
        "segments": ["age"],
    },
}


def _uuid(kind: int, number: int) -> str:
    return str(uuid.UUID(int=kind * 10**30 + number * 7919 * 10**9, version=4))


def _web_shop(folder: Path) -> None:
    """Write views, carts and purchases; what is liked is bought more often."""
    lines = ["timestamp,visitorid,event,itemid,transactionid"]
    for number, row in enumerate(rows()):
        kinds = ["view", *(["addtocart"] if row.is_liked or number % 9 == 0 else [])]
        kinds += ["transaction"] if row.is_liked and number % 3 else []
        for step, kind in enumerate(kinds):
            at = (row.at + timedelta(seconds=40 * step)).isoformat(timespec="milliseconds")
            order = str(number) if kind == "transaction" else ""
            lines.append(f"{at},{_uuid(1, row.user)},{kind},{_uuid(2, row.item)},{order}")
    _text(folder, "events.csv", lines)
    properties = ["timestamp,itemid,property,value"]
    properties += [
        f"{1_430_000_000_000 + week},{_uuid(2, item)},{name},n{item * 12}.000"
        for item in range(1, ITEMS + 1)
        for week, name in enumerate(("categoryid", "790", "available"))
    ]
    _text(folder, "item_properties_part1.csv", properties)
    _text(folder, "item_properties_part2.csv", properties)
    _text(folder, "category_tree.csv", ["categoryid,parentid", "1016,213", "809,169", "570,9"])


_OF_WEB_SHOP = {
    "noun": ["item", "items"],
    "interactions": {"file": "events.csv", "user": "visitorid", "item": "itemid"},
    "event": {"column": "event", "kinds": {"addtocart": 3, "transaction": 5, "view": 1}},
    "time": {"column": "timestamp", "format": "iso"},
}


def _plays(row: Row) -> int:
    many = 40 + (row.user * 37 + row.item * 101) % 900
    return many if row.is_liked else 1 + (row.user * 5 + row.item * 3) % 30


def _sha1(user: int) -> str:
    return f"{user * 0x9E3779B97F4A7C15 % 2**160:040x}"


def _last_fm(folder: Path) -> None:
    lines = [f'{_sha1(row.user)}\t{_uuid(3, row.item)}\tBand "{row.item}" é\t{_plays(row)}' for row in rows()]
    _text(folder, "usersha1-artmbid-artname-plays.tsv", lines)


_OF_LAST_FM = {
    "noun": ["item", "items"],
    "interactions": {
        "file": "usersha1-artmbid-artname-plays.tsv",
        "separator": "\t",
        "quote": "",
        "header": False,
        "user": 1,
        "item": 2,
    },
    "value": {"column": 4, "kind": "weight"},
}


def _hetrec(folder: Path) -> None:
    lines = ["userID\tartistID\tweight"]
    _text(folder, "user_artists.dat", lines + [f"{row.user}\t{row.item}\t{_plays(row)}" for row in rows()])
    artists = ["id\tname\turl\tpictureURL"]
    artists += [
        f"{item}\tBänd {item}\thttp://music.example/{item}\thttp://music.example/{item}.jpg"
        for item in range(1, ITEMS + 1)
    ]
    _text(folder, "artists.dat", artists)
    _text(folder, "tags.dat", ["tagID\ttagValue", "1\tmetal", "2\tpop", "3\tjazz"])
    tagged = ["userID\tartistID\ttagID\tday\tmonth\tyear"]
    _text(
        folder,
        "user_taggedartists.dat",
        tagged + [f"{row.user}\t{row.item}\t1\t1\t4\t2009" for row in rows()],
    )
    friends = [f"{each}\t{each % USERS + 1}" for each in range(1, USERS + 1)]
    _text(folder, "user_friends.dat", ["userID\tfriendID", *friends])


_OF_HETREC = {
    "noun": ["artist", "artists"],
    "interactions": {"file": "user_artists.dat", "separator": "\t", "user": "userID", "item": "artistID"},
    "value": {"column": "weight", "kind": "weight"},
    "items": {
        "file": "artists.dat",
        "separator": "\t",
        "id": "id",
        "title": "name",
        "image": "pictureURL",
        "attributes": {"url": "url"},
    },
}


def _jester(folder: Path) -> None:
    lines = ["userId,jokeId,rating"]
    for row in rows():
        part = (row.user * 31 + row.item * 17) % 960 / 100
        lines.append(f"{row.user},{row.item},{part + 0.4 if row.is_liked else -part - 0.2:.3f}")
    lines += ["1,41,9.969", "2,41,-9.938"]
    _text(folder, "jester_ratings.csv", lines)
    _text(
        folder,
        "jester_items.csv",
        ["jokeId,jokeText"] + [f'{item},"Why, {item}?"' for item in range(1, ITEMS + 1)],
    )


_OF_JESTER = {
    "noun": ["joke", "jokes"],
    "interactions": {"file": "jester_ratings.csv", "user": "userId", "item": "jokeId"},
    "value": {"column": "rating", "scale": [-10, 10]},
    "items": {"file": "jester_items.csv", "id": "jokeId", "attributes": {"jokeText": "jokeText"}},
}


def _anime(folder: Path) -> None:
    lines = [
        f"{row.user},{row.item},{-1 if (row.user + row.item) % 6 == 0 else _stars(row, 1, 10)}"
        for row in rows()
    ]
    _text(folder, "rating.csv", ["user_id,anime_id,rating", *lines])
    lines = ["anime_id,name,genre,type,episodes,rating,members"]
    lines += [
        f'{item},Kimi {item},"{_genre(item)}, School",{"TV" if item % 2 else "Movie"},'
        f"{'Unknown' if item == 9 else item},{6 + item / 20:.2f},{item * 1000}"
        for item in range(1, ITEMS + 1)
    ]
    _text(folder, "anime.csv", lines)


_OF_ANIME = {
    "noun": ["anime", "anime"],
    "interactions": {"file": "rating.csv", "user": "user_id", "item": "anime_id"},
    "value": {"column": "rating", "scale": [1, 10], "unrated": [-1]},
    "items": {
        "file": "anime.csv",
        "id": "anime_id",
        "title": "name",
        "genres": "genre",
        "genre_separator": ", ",
        "attributes": {"type": "type", "episodes": "episodes", "rating": "rating", "members": "members"},
    },
}


def _excel(folder: Path) -> None:
    lines = ["Kundennummer\tArtikelnummer\tBewertung\tDatum"]
    for row in rows():
        number = f"{_stars(row, 2, 10) / 2:g}".replace(".", ",")
        lines.append(f"K{row.user:04d}\tA-{row.item}\t{number}\t{row.at:%d.%m.%Y %H:%M}")
    _text(folder, "Export Bewertungen.txt", lines, "utf-16", "\r\n")
    lines = ["Artikelnummer\tBezeichnung\tKategorie\tPreis"]
    lines += [f"A-{item}\tStück {item}\t{_genre(item)}\t{item},95" for item in range(1, ITEMS + 1)]
    _text(folder, "Artikel.txt", lines, "utf-16", "\r\n")


_OF_EXCEL = {
    "noun": ["item", "items"],
    "interactions": {
        "file": "Export Bewertungen.txt",
        "separator": "\t",
        "encoding": "utf-16",
        "decimal": ",",
        "user": "Kundennummer",
        "item": "Artikelnummer",
    },
    "value": {"column": "Bewertung"},
    "time": {"column": "Datum", "format": "%d.%m.%Y %H:%M"},
    "items": {
        "file": "Artikel.txt",
        "separator": "\t",
        "encoding": "utf-16",
        "decimal": ",",
        "id": "Artikelnummer",
        "title": "Bezeichnung",
        "genres": "Kategorie",
        "attributes": {"Preis": "Preis"},
    },
}


def _json_lines(folder: Path) -> None:
    lines = [
        json.dumps(
            {
                "user": {"device": "phone"} if row.user == 0 else f"u{row.user}",
                "product_id": row.item,
                "stars": _stars(row, 1, 5),
                "created_at": row.at.isoformat().replace("+00:00", "Z"),
                "context": {"page": row.item},
            }
        )
        for row in rows()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reviews.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    items = [
        json.dumps(
            {"product_id": item, "title": _title(item), "categories": [_genre(item)], "price": item / 4}
        )
        for item in range(1, ITEMS + 1)
    ]
    _text(folder, "products.jsonl", items)


_OF_JSON_LINES = {
    "noun": ["product", "products"],
    "interactions": {"file": "reviews.jsonl.gz", "user": "user", "item": "product_id"},
    "value": {"column": "stars"},
    "time": {"column": "created_at", "format": "iso"},
    "items": {
        "file": "products.jsonl",
        "id": "product_id",
        "title": "title",
        "genres": "categories",
        "attributes": {"price": "price"},
    },
}


def _parquet_parts(folder: Path) -> None:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    every = list(rows())
    with duckdb.connect() as connection:
        for part in range(3):
            path = folder / "data" / f"part-{part + 1:04d}.parquet"
            values = [(row.user, row.item, _stars(row, 1, 5) * 1.0, row.at) for row in every[part::3]]
            connection.execute(
                "create or replace table part "
                "(user_id bigint, item_id bigint, score double, event_time timestamptz)"
            )
            connection.executemany("insert into part values (?, ?, ?, ?)", values)
            connection.table("part").write_parquet(str(path))
    (folder / "data" / "_SUCCESS").write_bytes(b"")


_OF_PARQUET_PARTS = {
    "noun": ["item", "items"],
    "interactions": {"file": "data/part-*.parquet", "user": "user_id", "item": "item_id"},
    "value": {"column": "score"},
    "time": {"column": "event_time", "format": "iso"},
}


def _export(write: Callable[[Path], None], spec: dict[str, Any]) -> Export:
    return Export(write, InputSpec.model_validate(spec))


# Each export by its name.
EXPORTS = {
    "movielens-100k": _export(_ml_100k, _OF_100K),
    "movielens-1m": _export(_ml_1m, _OF_1M),
    "book-crossing": _export(_book_crossing, _OF_BOOK_CROSSING),
    "web-shop": _export(_web_shop, _OF_WEB_SHOP),
    "last-fm": _export(_last_fm, _OF_LAST_FM),
    "hetrec": _export(_hetrec, _OF_HETREC),
    "jester": _export(_jester, _OF_JESTER),
    "anime": _export(_anime, _OF_ANIME),
    "excel": _export(_excel, _OF_EXCEL),
    "json-lines": _export(_json_lines, _OF_JSON_LINES),
    "parquet-parts": _export(_parquet_parts, _OF_PARQUET_PARTS),
}
