"""Entity roles: which tables describe items and users, and which of their columns are title and genres."""

import re
from typing import Any

from batch.data.inspection.column_roles import ITEM_IDS, NAMES, attribute_name, find, letters
from batch.data.inspection.interaction_roles import Roles, is_about_something_else
from batch.data.inspection.tables_of_folder import Table
from batch.data.inspection.value_kinds import has_decimal_comma, numbers_of, share_of_numbers

ITEM_STEMS = re.compile(
    r"item|movie|film|product|book|artist|track|song|album|anime|game|catalog|article|show|metadata|artikel"
    r"|produkt|joke|recipe|video"
)
USER_STEMS = re.compile(r"user|customer|member|client|visitor|profile|people|person|account|kunde|nutzer")
# A table of items or users has so few rows with an id that is there before.
MIN_UNIQUE = 0.9
MAX_AGE = 120
# A table is rather about a column of which it has so much more ids than of another.
MORE_ALIKE = 0.05
_OLD_ATTRIBUTES = ("gender", "age", "occupation")
_GENDERS = {"m", "f", "male", "female", "w", "o", "x", "d"}
_FLAG = "genre "


def id_place(table: Table, like: str, role: str) -> int | None:
    """Return the place of the ids of items or users: named as in the interactions, or otherwise as an id."""
    known = [letters(label) for label in table.labels]
    if letters(like) and letters(like) in known:
        return known.index(letters(like))
    names = ITEM_IDS if role == "item" else NAMES["user"]
    place = next((known.index(name) for name in (*names, "id") if name in known), None)
    return 0 if place is None and not table.is_named else place


def is_unique(table: Table, place: int) -> bool:
    """Return whether nearly every row has an id of its own."""
    filled = sum(1 for value in table.sniffed.values(place) if value)
    return len(table.ids(place)) >= MIN_UNIQUE * filled


def entity_points(table: Table, place: int, role: str, ids: set[str]) -> int:
    """Return how likely a table describes the items or users of the interactions; 0 if it does not."""
    old = "movies" if role == "item" else "users"
    if table.stem == old and not table.depth:
        return 100
    if not is_unique(table, place):
        return 0
    stems, others = (ITEM_STEMS, USER_STEMS) if role == "item" else (USER_STEMS, ITEM_STEMS)
    overlap = len(ids & table.ids(place)) / max(min(len(ids), len(table.ids(place))), 1)
    has_title = find("title", table.labels) is not None
    if is_about_something_else(table) and not (role == "item" and has_title):
        return 0
    if others.search(table.stem) and not stems.search(table.stem):
        return 0
    has_name = bool(stems.search(table.stem)) or letters(table.labels[place]) not in {"", "id"}
    if not has_name and overlap < 0.05:  # noqa: PLR2004 (what matches by chance)
        return 0
    return 10 * bool(stems.search(table.stem)) + 5 * has_title + int(10 * overlap) + has_name


def against_tables(tables: dict[str, Table], roles: Roles) -> str:
    """Return which table of items or users has ids of the other column; "" if none has."""
    interactions = tables["interactions"]
    for section, own, other in (("items", roles.item, roles.user), ("users", roles.user, roles.item)):
        table = tables.get(section)
        place = id_place(table, "", section.removesuffix("s")) if table and table.sniffed.is_whole else None
        if table is None or place is None:
            continue
        of_own, of_other = (
            len(interactions.ids(each) & table.ids(place)) / max(len(interactions.ids(each)), 1)
            for each in (own, other)
        )
        if of_other > of_own + MORE_ALIKE:
            return (
                f"{table.name} has {of_other:.0%} of the ids in {interactions.called(other)}, and "
                f"{of_own:.0%} of those in {interactions.called(own)}"
            )
    return ""


def item_keys(table: Table, place: int) -> dict[str, Any]:
    """Return the keys of `[items]`."""
    sniffed, labels = table.sniffed, table.labels
    used = {place}
    keys: dict[str, Any] = {**table.written(), "id": sniffed.reference(place)}
    flags = {
        label.removeprefix(_FLAG): number
        for number, label in enumerate(labels)
        if label.startswith(_FLAG) and not sniffed.header
    }
    is_old = table.old_name == "movies"
    for role in ("title", "genres", *(() if is_old else ("year", "image"))):
        found = _entity_column(table, role, used) if not (flags and role == "genres") else None
        if found is not None:
            used.add(found)
            keys[role] = sniffed.reference(found)
            if role == "genres" and (separator := _genre_separator(table, found)) != "|":
                keys["genre_separator"] = separator
    if flags:
        keys["genre_flags"] = {name: sniffed.reference(number) for name, number in flags.items()}
        used.update(flags.values())
    if not is_old and (attributes := _attributes(table, used)):
        keys["attributes"] = attributes
    return keys | _decimal(table)


def user_keys(table: Table, place: int) -> dict[str, Any]:
    """Return the keys of `[users]`; gender, age and occupation make segments."""
    sniffed, attributes, used = table.sniffed, {}, {place}
    for name in _OLD_ATTRIBUTES:
        found = find(name, table.labels) if table.is_named else _by_values(table, name, used)
        if found is not None and found not in used:
            attributes[name] = sniffed.reference(found)
            used.add(found)
    segments = tuple(attributes)
    if table.old_name != "users":
        attributes |= _attributes(table, used)
    keys = {**table.written(), "id": sniffed.reference(place)}
    keys |= {"attributes": attributes} if attributes else {}
    return keys | ({"segments": segments} if segments else {}) | _decimal(table)


def _by_values(table: Table, name: str, used: set[int]) -> int | None:
    for place in range(len(table.labels)):
        values = [value.lower() for value in table.sniffed.values(place) if value]
        if place in used or not values:
            continue
        if name == "gender" and set(values) <= _GENDERS:
            return place
        numbers = numbers_of(values)
        ages = len(numbers) == len(values) and min(numbers) > 0 and max(numbers) < MAX_AGE
        if name == "age" and ages and len(set(numbers)) > 5:  # noqa: PLR2004
            return place
    return None


def _entity_column(table: Table, role: str, used: set[int]) -> int | None:
    labels = table.labels
    if table.is_named:
        known = [letters(label) for label in labels]
        names = NAMES[role]
        places = [known.index(name) for name in names if name in known]
        if role == "title":
            places += [place for place, name in enumerate(known) if name.endswith(("title", "name"))]
        if role == "image":
            places += [place for place, name in enumerate(known) if name.startswith(("image", "poster"))]
        return next((place for place in places if place not in used | table.sniffed.nested), None)
    texts = [
        place
        for place in range(len(labels))
        if place not in used
        and share_of_numbers(table.sniffed.values(place)) < 0.5  # noqa: PLR2004
        and any(table.sniffed.values(place))
    ]
    if role == "title":
        return next((place for place in texts if is_unique(table, place)), None)
    if role == "genres":
        return next(
            (place for place in texts if any("|" in (v or "") for v in table.sniffed.values(place))), None
        )
    return None


def _genre_separator(table: Table, place: int) -> str:
    values = [value for value in table.sniffed.values(place) if value]
    if place in table.sniffed.lists or any("|" in value for value in values) or table.old_name:
        return "|"
    for separator in (";", ",", " / ", "/", ">", "."):
        with_it = [value for value in values if separator in value]
        if len(with_it) > 0.05 * len(values):
            return ", " if separator == "," and all(", " in value for value in with_it) else separator
    return "|"


def _attributes(table: Table, used: set[int]) -> dict[str, str | int]:
    """Return other columns that have a name and any values, by the names that they get."""
    sniffed, found = table.sniffed, {}
    for place, label in enumerate(table.labels):
        is_image = "imageurl" in letters(label)
        # Keys of objects inside of others are often data, and as many as these.
        is_inside = sniffed.format == "json" and "." in label
        if not label or place in used | sniffed.nested or is_image or is_inside:
            continue
        if not any(sniffed.values(place)):
            continue
        name = attribute_name(label)
        if name not in found and label not in {"zip", "zipcode"}:
            found[name] = sniffed.reference(place)
    return found


def _decimal(table: Table) -> dict[str, str]:
    sniffed = table.sniffed
    if sniffed.format != "csv":
        return {}
    commas = [place for place in range(len(table.labels)) if has_decimal_comma(sniffed.values(place))]
    return {"decimal": ","} if commas and not table.old_name else {}
