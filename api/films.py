"""Films: what is known of each, held in memory and ready to be sent. In a look-up a film is its number."""

from array import array
from collections.abc import Iterable, Sequence

BYTES_BEFORE_ID = len(b'{"id":')


class Films:
    """The films of one generation; each list is by number, and numbers are from 1."""

    def __init__(self, films: int, rows: Iterable[tuple[str, int, int, bytes, int | None, str]]) -> None:
        """Take how many there are, and a row of each, in any order, as `sql/lookups/items.sql` returns it."""
        self.item_ids = [""] * (films + 1)
        self.years: list[int | None] = [None] * (films + 1)
        self.genres = [frozenset[str]()] * (films + 1)
        # One text of all, and where each begins, its id ends, and it ends: as many small objects would leave
        # holes in memory when the next generation has taken their place.
        text = bytearray()
        self._starts, self._id_ends, self._ends = (array("Q", bytes(8 * (films + 1))) for _ in range(3))
        # Many films have the same genres, and the same year.
        kinds: dict[str, frozenset[str]] = {}
        years: dict[int | None, int | None] = {}
        for item_id, number, bytes_of_id, item, year, genres in rows:
            if genres not in kinds:
                kinds[genres] = frozenset(genre for genre in genres.split("|") if genre)
            self.item_ids[number] = item_id
            self.years[number] = years.setdefault(year, year)
            self.genres[number] = kinds[genres]
            self._starts[number] = len(text)
            self._id_ends[number] = len(text) + BYTES_BEFORE_ID + bytes_of_id
            text += item
            self._ends[number] = len(text)
        self._text = bytes(text)
        self.numbers = {item_id: number for number, item_id in enumerate(self.item_ids) if number}
        # As they are written, by how one may ask for them.
        known = sorted(frozenset[str]().union(*kinds.values()))
        self.known_genres = {genre.casefold(): genre for genre in known}

    def items(self, films: Iterable[int]) -> list[bytes]:
        """Return id, title and genres of films, as JSON objects."""
        text, starts, ends = self._text, self._starts, self._ends
        return [text[starts[film] : ends[film]] for film in films]

    def bare_items(self, films: Iterable[int]) -> list[bytes]:
        """Return the id of films, as JSON objects."""
        text, starts, ends = self._text, self._starts, self._id_ends
        return [text[starts[film] : ends[film]] + b"}" for film in films]

    def ids(self, films: Iterable[int]) -> list[bytes]:
        """Return the ids of films, as JSON."""
        text, starts, ends = self._text, self._starts, self._id_ends
        return [text[starts[film] + BYTES_BEFORE_ID : ends[film]] for film in films]

    def named(self, film: int) -> bytes:
        """Return id and title of a film, as a JSON object; null for no film."""
        (item,) = self.items([film])
        return item[: item.rindex(b',"genres":')] + b"}" if film else b"null"


def numbers(films: str, limit: int | None = None, offset: int = 0) -> Sequence[int]:
    """Return a part of a list that is a text of numbers with commas between them; 0 where one is missing."""
    if not films:
        return []
    found = films.split(",") if limit is None else films.split(",", offset + limit)[offset : offset + limit]
    return [int(number or 0) for number in found]
