"""Cards: what is shown of a movie, and a face of its own, of genre and year, as there are no pictures."""

import json
from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

from api.catalogue import Catalogue
from api.page.formats import spoken
from api.page.links import link_to_item

# A hue for each genre of MovieLens, in twelfths of the circle; kindred genres are neighbours.
HUES = {
    "Action": 0,
    "Adventure": 1,
    "Animation": 3,
    "Children": 2,
    "Comedy": 2,
    "Crime": 11,
    "Documentary": 5,
    "Drama": 8,
    "Fantasy": 9,
    "Film-Noir": 7,
    "Horror": 10,
    "IMAX": 6,
    "Musical": 3,
    "Mystery": 9,
    "Romance": 11,
    "Sci-Fi": 6,
    "Thriller": 7,
    "War": 4,
    "Western": 1,
}
_TWELFTHS = 12


class Card(NamedTuple):
    """A movie as it is shown."""

    number: int
    item_id: str
    title: str
    year: int | None
    genres: tuple[str, ...]
    address: str
    # Classes of its face: a hue for the first genre and one for the second, and a pattern for the decade.
    face: str

    @property
    def can_be_picked(self) -> bool:
        """Whether a list of ids can name it."""
        return "," not in self.item_id

    @property
    def mark(self) -> str:
        """What stands on the face: the year, short as on a ticket."""
        return f"\N{RIGHT SINGLE QUOTATION MARK}{self.year % 100:02}" if self.year is not None else ""


def cards(catalogue: Catalogue, numbers: Iterable[int]) -> list[Card]:
    """Return the cards of items."""
    return [card(catalogue, number) for number in numbers]


def card(catalogue: Catalogue, number: int) -> Card:
    """Return the card of an item."""
    (stored,) = catalogue.items([number])
    known = json.loads(stored)
    year = catalogue.years[number]
    genres = tuple(known["genres"])
    item_id = known["id"]
    return Card(
        number,
        item_id,
        spoken(known["title"], year),
        year,
        genres,
        link_to_item(item_id),
        _face(genres, year),
    )


def _face(genres: tuple[str, ...], year: int | None) -> str:
    first, second = (genres + genres)[:2] if genres else (None, None)
    hues = f"hue-{_hue(first)} to-{_hue(second)}" if first and second else "hue-none"
    return f"{hues} decade-{'none' if year is None else year // 10 % 10}"


def _hue(genre: str) -> int:
    return HUES.get(genre, crc32(genre.encode()) % _TWELFTHS)
