"""Rows: films for somebody, from a list of their own by the rules that are given, filled up from wider lists.

Whatever the rules are, a row has one order, of which a request gets a page: the list of its own, then that of
the segment, then the popular one, each film once.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from api import rules
from api.films import numbers
from api.generation import Generation, Page, Segment, WholeRow
from api.turns import ITEMS_OF_A_TURN, next_turn


class Place(NamedTuple):
    """A film of a row: its number, the kind of list that it is from, and the film because of which, or 0."""

    film: int
    source: str
    because: int


class Row(NamedTuple):
    """A page of films, best first, and with which list the row begins."""

    places: list[Place]
    source: str


class _List(NamedTuple):
    kind: str
    films: Sequence[int]
    because: Sequence[int] = ()


async def row(generation: Generation, asked: Mapping[str, Any], page: Page) -> Row:
    """Return what a request gets that names a user, films that are liked, or a kind of people.

    Raises duckdb.Error if the file is damaged.
    """
    if "liked" in asked:
        return await _of_likes(generation, asked["liked"], asked, page)
    if "user_id" in asked:
        return await _of_user(generation, asked["user_id"], asked, page)
    return await _popular(generation, asked, page)


async def rows(generation: Generation, asked: Mapping[str, Any], page: Page) -> AsyncIterator[Row]:
    """Yield the row of each of several users; other requests are answered between two of them.

    Raises duckdb.Error if the file is damaged.
    """
    for known in await generation.rows(asked["user_ids"]):
        yield await _of_whole(generation, known, asked, page)
        await next_turn()


async def _of_user(generation: Generation, user_id: str, asked: Mapping[str, Any], page: Page) -> Row:
    """Return the row of a user; that of somebody unknown begins with a popular list.

    A row without a rule ends where the list of the user ends; what fills up another was never watched by the
    user.
    """
    return await _of_whole(generation, await generation.row(user_id), asked, page)


async def _of_whole(
    generation: Generation, known: WholeRow | None, asked: Mapping[str, Any], page: Page
) -> Row:
    if known is None:
        return await _popular(generation, asked, page)
    recommendations, because, history, segment_name = known
    own = _List("personal", numbers(recommendations), numbers(because))
    keeps = rules.given(asked, generation.films)
    if not keeps:
        return Row(await _places([own], keeps, (), page), own.kind)
    segment = generation.segment(asked) or generation.segments.get(segment_name or "")
    # The list of a user holds nothing watched.
    watched = set(numbers(history))
    return Row(await _places([own, *_wider(generation, segment)], keeps, watched, page), own.kind)


async def _of_likes(
    generation: Generation, item_ids: Sequence[str], asked: Mapping[str, Any], page: Page
) -> Row:
    """Return the row of somebody who likes these films; a popular list if nothing is like any of them."""
    alike = await generation.liked(item_ids)
    if not alike:
        return await _popular(generation, asked, page)
    films, because = zip(*alike, strict=True)
    likes = {generation.films.numbers[each] for each in item_ids if each in generation.films.numbers}
    lists = [_List("liked", films, because), *_wider(generation, generation.segment(asked))]
    return Row(await _places(lists, rules.given(asked, generation.films), likes, page), "liked")


async def _popular(generation: Generation, asked: Mapping[str, Any], page: Page) -> Row:
    segment = generation.segment(asked)
    lists = [*_wider(generation, segment)]
    places = await _places(lists, rules.given(asked, generation.films), (), page)
    return Row(places, f"segment {segment.name}" if segment else "popular")


def _wider(generation: Generation, segment: Segment | None) -> Iterator[_List]:
    if segment:
        yield _List("segment", numbers(segment.films))
    yield _List("popular", numbers(generation.popular))


async def _places(
    lists: Sequence[_List], keeps: Sequence[Callable[[int], bool]], left_out: Collection[int], page: Page
) -> list[Place]:
    """Return a page of what the rules keep of the lists, one after the other."""
    end = page.offset + page.limit
    places: list[Place] = []
    taken = set(left_out)
    for each in lists:
        for place, film in enumerate(each.films):
            if film not in taken and all(keep(film) for keep in keeps):
                taken.add(film)
                because = each.because[place] if each.because else 0
                places.append(Place(film, each.kind, because))
                if len(places) == end:
                    return places[page.offset :]
            if place % ITEMS_OF_A_TURN == ITEMS_OF_A_TURN - 1:
                await next_turn()
    return places[page.offset :]
