"""The catalogue: what is known of each item, held in memory and ready to be sent.

In a look-up an item is its number, from 1.
"""

from array import array
from collections.abc import Iterable, Sequence

from api.attributes import Attribute, Attributes
from api.popular import PopularItems

BYTES_BEFORE_ID = len(b'{"id":')


class Catalogue:
    """The items of one generation; each list is by number."""

    def __init__(
        self,
        items: int,
        rows: Iterable[tuple[str, int, int, bytes, int | None, str, bool]],
        attributes: Iterable[tuple[int, str]],
        popular: Sequence[int] = (),
    ) -> None:
        """Take how many there are, and the rows of `lookups/items_as_json` and `attributes`, in any order.

        `popular` has the numbers of those that may be shown, most popular first.
        """
        self.attributes = Attributes(items, attributes, popular)
        self.item_ids = [""] * (items + 1)
        self.years: list[int | None] = [None] * (items + 1)
        self.genres = [frozenset[str]()] * (items + 1)
        self.hidden: set[int] = set()
        # One text of all, and where each begins, its id ends, and it ends: as many small objects would leave
        # holes in memory when the next generation has taken their place.
        text = bytearray()
        self._starts, self._id_ends, self._ends = (array("Q", bytes(8 * (items + 1))) for _ in range(3))
        # Many items have the same genres, and the same year.
        kinds: dict[str, frozenset[str]] = {}
        years: dict[int | None, int | None] = {}
        for item_id, number, bytes_of_id, item, year, genres, is_hidden in rows:
            if genres not in kinds:
                kinds[genres] = frozenset(genre for genre in genres.split("|") if genre)
            self.item_ids[number] = item_id
            self.years[number] = years.setdefault(year, year)
            self.genres[number] = kinds[genres]
            if is_hidden:
                self.hidden.add(number)
            self._starts[number] = len(text)
            self._id_ends[number] = len(text) + BYTES_BEFORE_ID + bytes_of_id
            text += item
            self._ends[number] = len(text)
        self._text = bytes(text)
        self.numbers = {item_id: number for number, item_id in enumerate(self.item_ids) if number}
        self.popular = PopularItems(popular, self.genres, self.years)
        # As they are written, by how one may ask for them.
        self.known_genres = {
            genre.casefold(): genre for genre in sorted(frozenset[str]().union(*kinds.values()))
        }

    def items(
        self, numbers: Iterable[int], *, metadata: bool = True, fields: Iterable[Attribute] = ()
    ) -> list[bytes]:
        """Return items as JSON objects: id, title and genres, or without metadata the id; and fields."""
        text, starts = self._text, self._starts
        ends, rest = (self._ends, b"") if metadata else (self._id_ends, b"}")
        if not fields:
            return [text[starts[number] : ends[number]] + rest for number in numbers]
        end = -len(b"}") if metadata else None
        return [
            text[starts[number] : ends[number]][:end]
            + b"".join([field.key + field.value(number) for field in fields])
            + b"}"
            for number in numbers
        ]

    def ids(self, numbers: Iterable[int]) -> list[bytes]:
        """Return the ids of items, as JSON."""
        text, starts, ends = self._text, self._starts, self._id_ends
        return [text[starts[number] + BYTES_BEFORE_ID : ends[number]] for number in numbers]

    def named(self, number: int) -> bytes:
        """Return id and title of an item, as a JSON object; null for 0."""
        (item,) = self.items([number])
        return item[: item.rindex(b',"genres":')] + b"}" if number else b"null"


def numbers(items: str, limit: int | None = None, offset: int = 0) -> Sequence[int]:
    """Return a part of a list that is a text of numbers with commas between them; 0 where one is missing."""
    if not items:
        return []
    found = items.split(",") if limit is None else items.split(",", offset + limit)[offset : offset + limit]
    return [int(number or 0) for number in found]
