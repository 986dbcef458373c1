"""Cards: what is shown of an item, and a face: its picture, or one of genre and year."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple
from zlib import crc32

from api.attributes import IMAGE, is_address
from api.catalogue import Catalogue
from api.middleware import prefix
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

# Attributes that stand for genres and year where there are none: so many, so long at most.
BRIEF_ATTRIBUTES, BRIEF_LENGTH = 2, 40


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
    # The address of a picture; empty without one.
    image: str
    attributes: list[tuple[str, str]]

    @property
    def brief(self) -> list[str]:
        """The first attributes that are short."""
        written = (f"{name} {value}" for name, value in self.attributes)
        return [each for each in written if len(each) <= BRIEF_LENGTH][:BRIEF_ATTRIBUTES]

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
    attributes = _attributes(catalogue, number)
    image = picture(attributes.get(IMAGE))
    return Card(
        number,
        item_id,
        spoken(known["title"], year),
        year,
        genres,
        link_to_item(item_id),
        _face(genres, year),
        image,
        [(name, _written(value)) for name, value in attributes.items() if name != IMAGE or not image],
    )


def picture(address: Any) -> str:
    """Return the address of a picture as a page links to it; empty if it is none."""
    if not is_address(address):
        return ""
    # One without a site, and not from the root, is below the path of the service.
    return str(address) if ":" in address or address.startswith("/") else f"{prefix.get()}/{address}"


def _attributes(catalogue: Catalogue, number: int) -> dict[str, Any]:
    found = {name: json.loads(each.value(number)) for name, each in catalogue.attributes.items()}
    return {name: value for name, value in found.items() if value is not None}


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_written, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _face(genres: tuple[str, ...], year: int | None) -> str:
    first, second = (genres + genres)[:2] if genres else (None, None)
    hues = f"hue-{_hue(first)} to-{_hue(second)}" if first and second else "hue-none"
    return f"{hues} decade-{'none' if year is None else year // 10 % 10}"


def _hue(genre: str) -> int:
    return HUES.get(genre, crc32(genre.encode()) % _TWELFTHS)
