"""A generation is opened to be read, and for nothing else."""

from collections.abc import Iterator

import duckdb
import pytest

from api.generation import Generation, Page
from batch.publish import Published


@pytest.fixture
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


def test_it_knows_its_name_and_the_depth_of_its_lists(generation: Generation, published: Published) -> None:
    assert (generation.id, generation.depth) == (published.generation, 10)


def test_a_user_is_known_or_not(generation: Generation) -> None:
    assert generation.knows("18")
    assert not generation.knows("nobody")


def test_a_page_is_a_part_of_the_list(generation: Generation) -> None:
    whole = generation.recommendations("18", Page(limit=9, offset=0), metadata=False)
    assert generation.recommendations("18", Page(limit=3, offset=4), metadata=False) == whole[4:7]
    assert len(generation.popular(Page(limit=3, offset=8), metadata=True)) == 2
