"""Films: what is known of each, held in memory and ready to be sent. In a look-up a film is its number."""

from collections.abc import Iterable, Sequence


class Films:
    """The films of one generation; each list is by number, and numbers are from 1."""

    def __init__(self, films: int, rows: Iterable[tuple[str, int, bytes, bytes, int | None, str]]) -> None:
        """Take how many there are, and a row of each, in any order, as `sql/lookups/items.sql` returns it."""
        self.item_ids = [""] * (films + 1)
        self.years: list[int | None] = [None] * (films + 1)
        self.genres = [frozenset[str]()] * (films + 1)
        self._ids, self._items = [b""] * (films + 1), [b""] * (films + 1)
        # Many films have the same genres.
        kinds: dict[str, frozenset[str]] = {}
        for item_id, number, id_as_json, item, year, genres in rows:
            if genres not in kinds:
                kinds[genres] = frozenset(genre for genre in genres.split("|") if genre)
            self.item_ids[number] = item_id
            self.years[number] = year
            self.genres[number] = kinds[genres]
            self._ids[number] = id_as_json
            self._items[number] = item
        self.numbers = {item_id: number for number, item_id in enumerate(self.item_ids) if number}
        # As they are written, by how one may ask for them.
        known = sorted(frozenset[str]().union(*kinds.values()))
        self.known_genres = {genre.casefold(): genre for genre in known}

    def ids(self, films: Iterable[int]) -> list[bytes]:
        """Return the ids of films, as JSON."""
        return [self._ids[film] for film in films]

    def items(self, films: Iterable[int]) -> list[bytes]:
        """Return id, title and genres of films, as JSON objects."""
        return [self._items[film] for film in films]

    def bare_items(self, films: Iterable[int]) -> list[bytes]:
        """Return the id of films, as JSON objects."""
        return [b'{"id":%b}' % item_id for item_id in self.ids(films)]

    def named(self, film: int) -> bytes:
        """Return id and title of a film, as a JSON object; null for no film."""
        item = self._items[film]
        return item[: item.rindex(b',"genres":')] + b"}" if film else b"null"


def numbers(films: str, limit: int | None = None, offset: int = 0) -> Sequence[int]:
    """Return a part of a list that is a text of numbers with commas between them; 0 where one is missing."""
    if not films:
        return []
    found = films.split(",") if limit is None else films.split(",", offset + limit)[offset : offset + limit]
    return [int(number or 0) for number in found]
