"""Popular items: everything that may be shown, most popular first, and where in it are items of a kind.

They fill up what filters leave of a list. The items of a genre, and those with a value of an attribute, are
found without a look at the others: an item is its place in the order.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import merge
from itertools import accumulate, chain, groupby


class ByCode:
    """The places of each code, rising; an array for all codes takes less memory than one for each."""

    def __init__(self, codes: Sequence[int], count: int) -> None:
        """Take the code of each place, and how many codes there are."""
        counts = array("I", bytes(4 * count))
        for code in codes:
            counts[code] += 1
        self._starts = array("I", accumulate(counts, initial=0))
        self._places = array("I", bytes(4 * len(codes)))
        free = array("I", self._starts)
        for place, code in enumerate(codes):
            self._places[free[code]] = place
            free[code] += 1

    def count(self, wanted: Collection[int]) -> int:
        """Return how many places have one of these codes."""
        return sum(end - start for start, end in self._parts(wanted))

    def places(self, wanted: Collection[int]) -> list[int]:
        """Return the places that have one of these codes, rising."""
        return sorted(chain.from_iterable(self._places[start:end] for start, end in self._parts(wanted)))

    def _parts(self, wanted: Collection[int]) -> Iterator[tuple[int, int]]:
        if isinstance(wanted, range):
            # Side by side; those of an empty range are nowhere.
            yield (self._starts[wanted.start], self._starts[wanted.stop]) if wanted else (0, 0)
            return
        for code in wanted:
            yield self._starts[code], self._starts[code + 1]


class PopularItems:
    """The numbers of `items` in the order of popularity, and the places of genres and years among them."""

    def __init__(
        self, items: Iterable[int], genres: Sequence[Iterable[str]], years: Sequence[int | None]
    ) -> None:
        """Take the numbers of items, most popular first, and genres and year of each item by number."""
        self.items = array("I", items)
        found: dict[str, array[int]] = {}
        for place, item in enumerate(self.items):
            for genre in genres[item]:
                found.setdefault(genre, array("I")).append(place)
        # What grows has room for more.
        self._of_genre = {genre: array("I", places) for genre, places in found.items()}
        self._years = sorted({year for item in self.items if (year := years[item])})
        codes = {year: code for code, year in enumerate(self._years, 1)}
        # Code 0: no year is known.
        self.of_year = ByCode(
            array("I", [codes.get(years[item] or 0, 0) for item in self.items]), len(codes) + 1
        )

    def codes_of_years(self, first: float, last: float) -> range:
        """Return the codes of years from the first to the last, both included."""
        return range(bisect_left(self._years, first) + 1, bisect_right(self._years, last) + 1)

    def count_of_genres(self, genres: Iterable[str]) -> int:
        """Return how many items some genres have; an item of two of them counts twice."""
        return sum(len(self._of_genre.get(genre, ())) for genre in genres)

    def places_of_genres(self, genres: Iterable[str]) -> Iterator[int]:
        """Yield the places of all items of some genres, rising; the first few take no look at the others."""
        found = [self._of_genre[genre] for genre in genres if genre in self._of_genre]
        return iter(found[0]) if len(found) == 1 else (place for place, _ in groupby(merge(*found)))
