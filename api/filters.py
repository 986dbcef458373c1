"""Filtered lists: items for somebody, from a list of their own under filters, filled up from wider lists.

Whatever the filters are, there is one order, of which a request gets a page: the list of its own, then that
of the segment, then the popular one, each item once. What takes long is done in turns of the event loop,
between which others are answered.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from api.catalogue import Catalogue, numbers
from api.lookup import Generation, Page, Segment, WholeRow

T = TypeVar("T")
Result = TypeVar("Result")
# Tells whether an item may stand in a list.
Predicate = Callable[[int], bool]

# They take about as long as a look-up.
ITEMS_OF_A_TURN = 1_000


class Entry(NamedTuple):
    """An item of a list: its number, the kind of its list, the item that explains it, or 0, and the reason.

    The reason is a letter of `REASONS`; none in files of older versions.
    """

    item: int
    source: str
    because: int
    reason: str


# Why an item is listed, by the letter in a look-up; sql/generation/recommendations.sql says what each means.
REASONS = {word[0]: word for word in ("because", "people", "genres", "trending", "new")}
# Why items are in lists that are of nobody.
_REASON_OF = {"liked": "b", "segment": "p", "popular": "t"}


class FilteredList(NamedTuple):
    """A page of entries, best first, and with which list the whole begins."""

    entries: list[Entry]
    source: str


class _Stored(NamedTuple):
    kind: str
    items: Sequence[int]
    because: Sequence[int] = ()
    reasons: str | None = None  # None: each has that of the kind


def _excluded(catalogue: Catalogue, item_ids: Sequence[str]) -> Predicate:
    excluded = {catalogue.numbers[item_id] for item_id in item_ids if item_id in catalogue.numbers}
    return lambda item: item not in excluded


# The predicate that the value of each parameter makes for the items of a generation.
FILTERS: dict[str, Callable[[Catalogue, Any], Predicate]] = {
    "genres": lambda known, genres: lambda item: not genres.isdisjoint(known.genres[item]),
    "not_genres": lambda known, genres: lambda item: genres.isdisjoint(known.genres[item]),
    "exclude": _excluded,
    "min_year": lambda known, year: lambda item: (known.years[item] or -1) >= year,
    "max_year": lambda known, year: lambda item: (known.years[item] or year + 1) <= year,
    "where": lambda _known, all_of: lambda item: all(codes[item] in wanted for codes, wanted in all_of),
}


async def in_turns(
    function: Callable[[Sequence[T]], Sequence[Result]], items: Sequence[T]
) -> Sequence[Result]:
    """Return the results of a function for all items; it gets some of them in each turn of the event loop."""
    if len(items) <= ITEMS_OF_A_TURN:
        return function(items)
    results: list[Result] = []
    for start in range(0, len(items), ITEMS_OF_A_TURN):
        results += function(items[start : start + ITEMS_OF_A_TURN])
        await asyncio.sleep(0)
    return results


async def filtered(generation: Generation, asked: Mapping[str, Any], page: Page) -> FilteredList:
    """Return what a request gets that names a user, items that are liked, or a kind of people."""
    if "liked" not in asked:
        known = await generation.row(asked["user_id"]) if "user_id" in asked else None
        return await _of_user(generation, known, asked, page)
    alike = await generation.liked(asked["liked"])
    if not alike:
        return await _of_user(generation, None, asked, page)
    items, because = zip(*alike, strict=True)
    numbers_of = generation.catalogue.numbers
    likes = [numbers_of[each] for each in asked["liked"] if each in numbers_of]
    lists = [_Stored("liked", items, because), *_wider(generation, generation.segment(asked))]
    return FilteredList(await _entries(lists, generation, asked, likes, page), "liked")


async def filtered_each(
    generation: Generation, asked: Mapping[str, Any], page: Page
) -> AsyncIterator[FilteredList]:
    """Yield the list of each of several users, with a turn for others between two."""
    for known in await generation.rows(asked["user_ids"]):
        yield await _of_user(generation, known, asked, page)
        await asyncio.sleep(0)


async def _of_user(
    generation: Generation, known: WholeRow | None, asked: Mapping[str, Any], page: Page
) -> FilteredList:
    """Return the list of a user, which is a popular one if the user is unknown."""
    if known is None:
        segment = generation.segment(asked)
        entries = await _entries(_wider(generation, segment), generation, asked, (), page)
        return FilteredList(entries, f"segment {segment.name}" if segment else "popular")
    recommendations, because, history, segment_name, *reasons = known
    lists = [_Stored("personal", numbers(recommendations), numbers(because), "".join(reasons))]
    watched: Collection[int] = ()
    # Without a filter it ends where the list of the user ends, which holds nothing watched.
    if not asked.keys().isdisjoint(FILTERS):
        segment = generation.segment(asked) or generation.segments.get(segment_name or "")
        lists += _wider(generation, segment)
        watched = numbers(history)
    return FilteredList(await _entries(lists, generation, asked, watched, page), "personal")


def _wider(generation: Generation, segment: Segment | None) -> Iterator[_Stored]:
    if segment:
        yield _Stored("segment", numbers(segment.items))
    yield _Stored("popular", numbers(generation.popular))


async def _entries(
    lists: Iterable[_Stored],
    generation: Generation,
    asked: Mapping[str, Any],
    left_out: Collection[int],
    page: Page,
) -> list[Entry]:
    """Return a page of what the filters keep of the lists, one after the other."""
    keeps = [make(generation.catalogue, asked[name]) for name, make in FILTERS.items() if name in asked]
    end = page.offset + page.limit
    entries: list[Entry] = []
    taken = set(left_out)
    for each in lists:
        for place, item in enumerate(each.items):
            if item not in taken and all(keep(item) for keep in keeps):
                taken.add(item)
                entries.append(_entry(each, place))
                if len(entries) == end:
                    return entries[page.offset :]
            if place % ITEMS_OF_A_TURN == ITEMS_OF_A_TURN - 1:
                await asyncio.sleep(0)
    return entries[page.offset :]


def _entry(stored: _Stored, place: int) -> Entry:
    because = stored.because[place] if stored.because else 0
    reason = _REASON_OF[stored.kind] if stored.reasons is None else stored.reasons[place : place + 1]
    return Entry(stored.items[place], stored.kind, because, reason)
