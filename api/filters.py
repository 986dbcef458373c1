"""Filtered lists: items for somebody, from a list of their own under filters, filled up from wider lists.

Whatever the filters are, there is one order, of which a request gets a page: the list of its own, then that
of the segment, then popular items, each item once. Under filters these are all that may be shown, and without
any the popular list. What takes long is done in turns of the event loop, between which others are answered.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from math import inf
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from api.attributes import Condition
from api.catalogue import Catalogue, numbers
from api.lookup import Generation, Page, Segment, WholeRow

T = TypeVar("T")
Result = TypeVar("Result")
# Tells whether an item may stand in a list.
Predicate = Callable[[int], bool]

# They take about as long as a look-up.
ITEMS_OF_A_TURN = 1_000
# Popular items that are compared with the filters at a time: often the first few are enough.
ITEMS_OF_A_PART = 100
PARTS_OF_A_TURN = ITEMS_OF_A_TURN // ITEMS_OF_A_PART
# To sort so many places takes less than a look-up; a filter that keeps more of all items finds some soon.
MAX_SORTED = 2_000


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
_REASON_OF = {"segment": "p", "popular": "t"}


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


def _fulfils(conditions: Sequence[Condition]) -> Predicate:
    # One after the other: a loop over the conditions takes several times as long for each item.
    (attribute, wanted), *others = conditions
    codes = attribute.codes
    if not others:
        return lambda item: codes[item] in wanted
    fulfils_others = _fulfils(others)
    return lambda item: codes[item] in wanted and fulfils_others(item)


# The predicate that the value of each parameter makes for the items of a generation.
FILTERS: dict[str, Callable[[Catalogue, Any], Predicate]] = {
    "genres": lambda known, genres: lambda item: not genres.isdisjoint(known.genres[item]),
    "not_genres": lambda known, genres: lambda item: genres.isdisjoint(known.genres[item]),
    "exclude": _excluded,
    "min_year": lambda known, year: lambda item: (known.years[item] or -1) >= year,
    "max_year": lambda known, year: lambda item: (known.years[item] or year + 1) <= year,
    "where": lambda _known, all_of: _fulfils(all_of),
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


class _Popular:
    """The popular items that the filters of a request keep, found as far as needed, once for all users."""

    def __init__(self, generation: Generation, asked: Mapping[str, Any]) -> None:
        known = generation.catalogue
        self.keeps = [make(known, asked[name]) for name, make in FILTERS.items() if name in asked]
        self.parts: list[list[int]] = []
        self._items = _candidates(known, asked) if self.keeps else iter(numbers(generation.popular))

    def more(self) -> bool:
        """Add the next part, which may be empty; return False if there is none."""
        part: Iterable[int] = [*islice(self._items, ITEMS_OF_A_PART)]
        if not part:
            return False
        for keep in self.keeps:
            part = filter(keep, part)
        self.parts.append([*part])
        return True


def _candidates(catalogue: Catalogue, asked: Mapping[str, Any]) -> Iterator[int]:
    """Yield popular items, best first, among which are all that the filters keep: those of the narrowest."""
    popular = catalogue.popular
    wanted = [(each.attribute.popular, each.wanted) for each in asked.get("where", ())]
    if "min_year" in asked or "max_year" in asked:
        years = popular.codes_of_years(asked.get("min_year", -inf), asked.get("max_year", inf))
        wanted.append((popular.of_year, years))
    counted = [(of.count(codes), partial(of.places, codes)) for of, codes in wanted]
    narrow: list[tuple[int, Callable[[], Iterable[int]]]] = [
        (count, places) for count, places in counted if count <= MAX_SORTED
    ]
    if genres := asked.get("genres"):
        narrow.append((popular.count_of_genres(genres), partial(popular.places_of_genres, genres)))
    everything = len(popular.items), partial(range, len(popular.items))
    _, places = min(narrow, key=itemgetter(0), default=everything)
    yield from map(popular.items.__getitem__, places())


async def filtered(generation: Generation, asked: Mapping[str, Any], page: Page) -> FilteredList:
    """Return what a request gets that names a user, items that are liked, or a kind of people."""
    popular = _Popular(generation, asked)
    if "liked" not in asked:
        known = await generation.row(asked["user_id"]) if "user_id" in asked else None
        return await _of_user(generation, known, asked, popular, page)
    alike = await generation.liked(asked["liked"])
    if not alike:
        return await _of_user(generation, None, asked, popular, page)
    items, because = zip(*alike, strict=True)
    catalogue = generation.catalogue
    likes = [catalogue.numbers[each] for each in asked["liked"] if each in catalogue.numbers]
    reasons = "".join(_reason_of_liked(catalogue, *each) for each in alike)
    lists = [_Stored("liked", items, because, reasons), *_of_segment(generation.segment(asked))]
    return FilteredList(await _entries(lists, popular, likes, page), "liked")


async def filtered_each(
    generation: Generation, asked: Mapping[str, Any], page: Page
) -> AsyncIterator[FilteredList]:
    """Yield the list of each of several users, with a turn for others between two."""
    popular = _Popular(generation, asked)
    for known in await generation.rows(asked["user_ids"]):
        yield await _of_user(generation, known, asked, popular, page)
        await asyncio.sleep(0)


async def _of_user(
    generation: Generation, known: WholeRow | None, asked: Mapping[str, Any], popular: _Popular, page: Page
) -> FilteredList:
    """Return the list of a user, which is a popular one if the user is unknown."""
    if known is None:
        segment = generation.segment(asked)
        entries = await _entries(_of_segment(segment), popular, (), page)
        return FilteredList(entries, f"segment {segment.name}" if segment else "popular")
    recommendations, because, history, segment_name, *more = known
    seen, reasons = more or ("", "")
    lists = [_Stored("personal", numbers(recommendations), numbers(because), reasons)]
    # Without a filter it ends where the list of the user ends.
    if not popular.keeps:
        return FilteredList(await _entries(lists, None, (), page), "personal")
    lists += _of_segment(generation.segment(asked) or generation.segments.get(segment_name or ""))
    watched = chain.from_iterable(map(numbers, (history, seen)))
    return FilteredList(await _entries(lists, popular, watched, page), "personal")


def _reason_of_liked(catalogue: Catalogue, item: int, because: int) -> str:
    """Return because of an item that is liked, if a reader sees it in the genres; else people who like it.

    A third of the genres of both are common, or those of one are unknown.
    """
    genres, others = catalogue.genres[item], catalogue.genres[because]
    is_clear = not genres or not others or 3 * len(genres & others) >= len(genres | others)
    return "b" if because and is_clear else "p"


def _of_segment(segment: Segment | None) -> list[_Stored]:
    return [_Stored("segment", numbers(segment.items))] if segment else []


async def _entries(
    lists: Iterable[_Stored], popular: _Popular | None, left_out: Iterable[int], page: Page
) -> list[Entry]:
    """Return a page of what the filters keep of the lists, one after the other, and of the popular items.

    What is left out stands in no list but the first, which is made for whoever asks.
    """
    keeps, end = popular.keeps if popular else [], page.offset + page.limit
    entries: list[Entry] = []
    taken: set[int] = set()
    for each in lists:
        for place, item in enumerate(each.items):
            if item not in taken and all(keep(item) for keep in keeps):
                taken.add(item)
                entries.append(_entry(each, place))
                if len(entries) == end:
                    return entries[page.offset :]
            if place % ITEMS_OF_A_TURN == ITEMS_OF_A_TURN - 1:
                await asyncio.sleep(0)
        taken.update(left_out)
    found, entries, part = len(entries), entries[page.offset :], 0
    while popular and found < end and (part < len(popular.parts) or popular.more()):
        rest = [item for item in popular.parts[part] if item not in taken]
        shown = rest[max(page.offset - found, 0) : end - found]
        entries += [Entry(item, "popular", 0, _REASON_OF["popular"]) for item in shown]
        found, part = found + len(rest), part + 1
        if part % PARTS_OF_A_TURN == 0:
            await asyncio.sleep(0)
    return entries


def _entry(stored: _Stored, place: int) -> Entry:
    because = stored.because[place] if stored.because else 0
    reason = _REASON_OF[stored.kind] if stored.reasons is None else stored.reasons[place : place + 1]
    return Entry(stored.items[place], stored.kind, because, reason)
