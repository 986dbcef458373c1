"""A generation is opened to be read, and for nothing else."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from api.catalogue import numbers
from api.lookup import Generation, Page
from batch.generation.publish import Published
from sql import statement
from tests.conftest import WriteInput, changed, copied, publish
from tests.films import RATINGS_HEADER


@pytest.fixture(scope="module")
def generation(published: Published) -> Iterator[Generation]:
    """The published generation, opened as the service opens it."""
    generation = Generation(published.file)
    yield generation
    generation.close()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("delete from users", duckdb.InvalidInputException),
        ("create table other (x integer)", duckdb.InvalidInputException),
        ("select * from read_text('README.md')", duckdb.PermissionException),
        ("attach 'other.duckdb'", duckdb.PermissionException),
        ("copy users to 'users.csv'", duckdb.PermissionException),
        ("set threads = 8", duckdb.InvalidInputException),
        ("set enable_external_access = true", duckdb.InvalidInputException),
    ],
)
def test_nothing_can_be_written_read_elsewhere_or_configured(
    generation: Generation, statement: str, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        generation._connection.execute(statement)  # noqa: SLF001  it is what this test is about


def test_it_knows_its_name_its_age_and_the_depth_of_its_lists(
    generation: Generation, published: Published
) -> None:
    assert (generation.id, generation.depth) == (published.generation, 10)
    with duckdb.connect() as connection:
        ((finished,),) = connection.execute(
            "select strftime(to_timestamp($at)::timestamp, '%Y%m%dT%H%M%SZ')", {"at": generation.finished_at}
        ).fetchall()
    assert published.generation >= finished


def test_a_large_catalogue_and_many_segments_can_be_opened(published: Published, tmp_path: Path) -> None:
    items, segments, depth = 300_000, 5_000, 100
    with changed(published, tmp_path) as connection:
        ((items_before,),) = connection.execute("select count(*) from items").fetchall()
        connection.execute(
            "insert into items select 'new ' || number, $before + 1 + number, 'Movie ' || number, 1999, "
            "['Drama'], 0, null, null, false, '{}' from range($movies) as numbers(number)",
            {"before": items_before, "movies": items},
        )
        connection.execute(
            "insert into segments select 'occupation=' || number, 1000 + number, null, null, "
            "number::varchar, '{}', 50 from range($segments) as numbers(number)",
            {"segments": segments},
        )
        connection.execute(
            "insert into popular_by_segment select segment, rank, 'new ' || rank, 1 / rank "
            "from segments cross join range(1, $depth + 1) as ranks(rank) where place >= 1000",
            {"depth": depth},
        )
    generation = Generation(tmp_path / "current.duckdb")
    try:
        assert generation.catalogue.items([items_before + items]) == [
            b'{"id":"new %d","title":"Movie %d","genres":["Drama"]}' % (items - 1, items - 1)
        ]
        segment = generation.segment({"occupation": str(segments - 1)})
        assert segment
        assert generation.catalogue.ids(numbers(segment.items)) == [
            b'"new %d"' % rank for rank in range(1, depth + 1)
        ]
    finally:
        generation.close()


@pytest.mark.parametrize(
    ("user_id", "users"),
    [
        ("number::varchar", 50_000),
        ("md5(number::varchar)::uuid::varchar", 50_000),
        ("'https://example.com/users/' || number || '/profile'", 50_000),
        # More than all that it has for blocks.
        ("sha256(number::varchar)", 200_000),
    ],
)
def test_indexes_have_the_memory_they_need(
    published: Published, tmp_path: Path, user_id: str, users: int
) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute(
            f"create or replace table lookups as select {user_id} as user_id, '1' as recommendations, "
            "'' as because, '2' as history, null::varchar as segment from range($users) as numbers(number)",
            {"users": users},
        )
        connection.execute("create unique index lookups_user_id on lookups (user_id)")
    generation = Generation(tmp_path / "current.duckdb")
    try:
        generation.look_everybody_up()
        # By now all of the indexes was read, and stays.
        connection = generation._connection  # noqa: SLF001  what it holds is what this test is about
        ((*_, for_indexes),) = connection.execute(statement("lookups/generation")).fetchall()
        ((held,),) = connection.execute(
            "select memory_usage_bytes from duckdb_memory() where tag = 'ART_INDEX'"
        ).fetchall()
        assert 30 * users < held < for_indexes
    finally:
        generation.close()


@pytest.mark.parametrize(
    ("page", "cut"),
    [
        (Page(limit=3, offset=0), slice(3)),
        (Page(limit=3, offset=4), slice(4, 7)),
        (Page(limit=3, offset=7), slice(7, 9)),
        (Page(limit=2**31 - 1, offset=0), slice(None)),
        (Page(limit=1, offset=9), slice(0, 0)),
        (Page(limit=1, offset=2**31 - 1), slice(0, 0)),
    ],
)
def test_a_page_is_a_part_of_the_list(generation: Generation, page: Page, cut: slice) -> None:
    items = asyncio.run(generation.recommendations("18"))
    assert items
    whole = generation.catalogue.ids(numbers(items, 10))
    assert len(whole) == 9
    assert generation.catalogue.ids(numbers(items, *page)) == whole[cut]
    assert [json.loads(item)["id"] for item in generation.catalogue.items(numbers(items, *page))] == [
        json.loads(each) for each in whole[cut]
    ]
    assert numbers("", *page) == []


def test_what_is_known_of_an_item_is_json_whatever_its_title_holds(
    write_input: WriteInput, tmp_path: Path
) -> None:
    titles = ['Say ""Hi"" \\ back/slash (2001)', "Léon, 映画 🎬 (1994)", "Tab\there \x7f\x0b<b>&amp;"]
    movies = "\n".join(
        [
            "movieId,title,genres",
            *(f'"f""{number},é","{title}",Film-Noir|Ünder' for number, title in enumerate(titles)),
        ]
    )
    ratings = "\n".join(
        [RATINGS_HEADER, *(f'{user},"f""{item},é",5,{item}' for user in "ab" for item in range(3))]
    )
    generation = Generation(publish(write_input(ratings, movies), tmp_path / "output").file)
    try:
        items = asyncio.run(generation.history("a"))
        assert items
        page = Page(limit=3, offset=0)
        assert [json.loads(item) for item in generation.catalogue.items(numbers(items, *page))] == [
            {
                "id": f'f"{number},é',
                "title": titles[number].replace('""', '"'),
                "genres": ["Film-Noir", "Ünder"],
            }
            for number in (2, 1, 0)
        ]
        assert [json.loads(each) for each in generation.catalogue.ids(numbers(items, *page))] == [
            f'f"{n},é' for n in (2, 1, 0)
        ]
    finally:
        generation.close()


def test_a_file_is_closed_when_the_last_that_holds_it_has_released_it(published: Published) -> None:
    async def hold() -> None:
        generation = Generation(published.file)
        generation.hold()
        generation.hold()
        for _ in range(2):
            generation.release()
            assert await generation.read("page/user", user_id="18")
            assert await generation.liked(["2"])
            assert await generation.history("18")
        generation.release()
        for reading in (generation.read("page/figures"), generation.liked(["2"]), generation.history("18")):
            with pytest.raises(duckdb.ConnectionException):
                await reading

    asyncio.run(hold())


def test_each_opening_reads_the_file_that_is_there_then(published: Published, tmp_path: Path) -> None:
    file = tmp_path / "movie.duckdb"
    opened = []
    for number in range(3):
        with changed(published, tmp_path / str(number)) as connection:
            connection.execute("update generation set id = $id", {"id": str(number)})
        (tmp_path / str(number) / "current.duckdb").resolve().replace(file)
        # None is closed: DuckDB would go on with the first, whatever took its path.
        opened.append(Generation(file))
    assert [each.id for each in opened] == ["0", "1", "2"]
    for each in opened:
        each.close()


def test_what_does_not_fit_into_memory_is_not_written_beside_the_file(
    published: Published, tmp_path: Path
) -> None:
    file = copied(published, tmp_path).file
    generation = Generation(file)
    with pytest.raises(duckdb.OutOfMemoryException):
        generation._connection.execute("select list(md5(i::varchar)) from range(2_000_000) as r(i)")  # noqa: SLF001
    generation.close()
    assert [*file.parent.iterdir()] == [file]
