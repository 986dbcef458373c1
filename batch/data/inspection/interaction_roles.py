"""Interaction roles: which table has the interactions, and which of its columns is user, item and so on."""

import re
from dataclasses import dataclass, field
from typing import Any

from batch.data.inspection.column_roles import (
    ITEM_THINGS,
    NAMES,
    OTHER_SUBJECTS,
    find,
    find_by_words,
    item_by_elimination,
    letters,
    weight_of_kind,
)
from batch.data.inspection.positional_roles import MAX_KINDS, by_position, is_clock, tells
from batch.data.inspection.tables_of_folder import Table
from batch.data.inspection.value_kinds import (
    Found,
    share_of_numbers,
    stars_or_weight,
    time_format,
)
from batch.data.inspection.wide_table import is_wide

STEMS = re.compile(
    r"rating|event|interaction|review|order|purchase|transaction|click|view|play|listen|history|behavi|basket"
    r"|user_artist|user_item|user_movie|useritem|log|action|sale|feedback|like|u\.data|train|verkauf|bewertung"
)
# A time that belongs to the thing, not to what somebody did with it.
_OTHER_TIME = re.compile(r"birth|release|expire|deliver|publish|year")
_TIME_NAME = re.compile(r"time|date|stamp|datum")
_NO_VALUE = re.compile(r"price|cost|amount|revenue|total|id|zip|year|lat|lon|preis")

_AMOUNT = re.compile(r"play|watch|listen|duration|dwell|elapsed|hours|minutes|seconds|quantity|times\b")


@dataclass
class Roles:
    """Places of columns by their role, and what was found of time and number."""

    user: int
    item: int
    doubt: str = ""  # why user and item may be other columns
    time: int | None = None
    value: int | None = None
    event: int | None = None
    found_time: Found = field(default_factory=Found)
    found_value: Found = field(default_factory=Found)
    kinds: dict[str, Any] = field(default_factory=dict)  # weights of event kinds; None for unknown ones
    # Numbers that may say how much an interaction says, though something else is taken for that, or nothing.
    beside: list[int] = field(default_factory=list)
    title: int | None = None  # of the item, which is taken from a table of items alone

    def used(self) -> set[int]:
        """Return the places of columns that have a role."""
        places = (self.user, self.item, self.time, self.value, self.event)
        return {place for place in places if place is not None}


def is_about_something_else(table: Table) -> bool:
    """Return whether a table has tags, friends or links, and no stars."""
    known = set(map(letters, table.labels))
    return bool(known & OTHER_SUBJECTS) and find("stars", table.labels) is None


def roles_of(table: Table) -> Roles | None:
    """Return the roles of the columns of a table; None if it has no interactions."""
    if is_about_something_else(table) or is_wide(table):
        return None
    ids = _ids_by_name(table) if table.is_named else by_position(table)
    if ids is None:
        return None
    user, item, doubt = ids
    roles = Roles(user, item, doubt=doubt)
    _find_time(table, roles)
    _find_event(table, roles)
    _find_value(table, roles)
    roles.title = _title_beside(table, roles)
    return roles


def points(table: Table, roles: Roles) -> int:
    """Return how likely a table has the interactions that are meant; 100 for those that were always read."""
    if table.stem == "ratings" and not table.depth:
        return 100
    has_number = roles.value is not None or roles.event is not None
    return 10 * bool(STEMS.search(table.stem)) + 3 * has_number + 2 * (roles.time is not None)


def _ids_by_name(table: Table) -> tuple[int, int, str] | None:
    # An object or a list is no id.
    nested = table.sniffed.nested | table.sniffed.lists
    labels = tuple("" if place in nested else label for place, label in enumerate(table.labels))
    user, item = find("user", labels), find("item", labels)
    if item is not None and letters(labels[item]) in ITEM_THINGS:
        # The name of a thing gives way to an id, even of a kind that is not known.
        by_words = find_by_words("item", labels)
        by_id = item_by_elimination(labels) if by_words is None else by_words
        item = item if by_id is None or by_id == user else by_id
    user = find_by_words("user", labels) if user is None else user
    item = find_by_words("item", labels) if item is None else item
    item = item_by_elimination(labels) if item is None else item
    if user is None or item is None or user == item:
        return None
    return user, item, ""


def _title_beside(table: Table, roles: Roles) -> int | None:
    """Return the place of a column that may have the titles of the items."""
    named = find("title", table.labels) if table.is_named else roles.item + 1
    if named is None or named >= len(table.labels) or named in roles.used():
        return None
    values = table.sniffed.values(named)
    different = len(set(values)) > 0.5 * len(table.ids(roles.item))
    return named if different and share_of_numbers(values) < 0.5 else None  # noqa: PLR2004


def _is_date(table: Table, place: int) -> bool:
    values = table.sniffed.values(place)
    return share_of_numbers(values) < 0.5 and bool(time_format(values).keys)  # noqa: PLR2004


def _find_time(table: Table, roles: Roles) -> None:
    is_old = table.old_name == "ratings"
    known = [letters(label) for label in table.labels]
    names = ("timestamp",) if is_old else NAMES["time"]
    places = [known.index(name) for name in names if name in known]
    if not places and not is_old:
        places = [
            place
            for place, name in enumerate(known)
            if place not in roles.used()
            and not _OTHER_TIME.search(name)
            and (_TIME_NAME.search(name) or (_is_date(table, place)) or (not name and is_clock(table, place)))
        ]
    doubts = []
    for place in places:
        found = time_format(table.sniffed.values(place), is_old=is_old)
        if found.keys:
            roles.time, roles.found_time = place, found
            return
        doubts.append((place, found))
    if doubts:
        roles.time, roles.found_time = doubts[0]


def _find_event(table: Table, roles: Roles) -> None:
    if table.old_name == "ratings":
        return
    known = [letters(label) for label in table.labels]
    places = [known.index(name) for name in NAMES["event"] if name in known]
    sure = {place for place in places if known[place] not in {"type", "kind", "activity"}}
    places += [place for place, name in enumerate(known) if not name or name in NAMES["stars"]]
    for place in places:
        if place in roles.used():
            continue
        if kinds := _kinds(table, place, is_sure=place in sure):
            roles.event, roles.kinds = place, kinds
            return


def _kinds(table: Table, place: int, *, is_sure: bool) -> dict[str, Any]:
    """Return weights of the kinds in a column; none if these are no kinds of events."""
    values = {value for value in table.sniffed.values(place) if value is not None}
    if not values or len(values) > MAX_KINDS:
        return {}
    kinds = {value: weight_of_kind(value) for value in sorted(values)}
    return kinds if is_sure or any(weight is not None for weight in kinds.values()) else {}


def _find_value(table: Table, roles: Roles) -> None:
    is_old = table.old_name == "ratings"
    used = roles.used()
    if is_old:
        known = [name.lower() for name in table.labels]
        candidates = [(known.index("rating"), "stars")] if "rating" in known else []
    else:
        candidates = [
            (place, role)
            for role in ("stars", "weight", "value")
            if (place := find(role, table.labels)) is not None and place not in used
        ]
    if not candidates and not is_old:
        candidates = _other_numbers(table, roles)
    if not candidates:
        return
    place, role = candidates[0]
    values = table.sniffed.values(place)
    if roles.event is not None and role != "stars":
        if role == "weight" or not table.is_named:
            roles.beside = _varying(table, [place for place, _ in candidates])
        return
    if role == "amount":
        roles.beside = [place for place, _ in candidates]
        return
    roles.value = place
    if share_of_numbers(values) < 0.5 and not is_old:  # noqa: PLR2004
        shown = next((value for value in values if value), "")
        roles.found_value = Found(
            doubt=f"has values such as {shown[:40]!r}, which are no numbers",
            remedies=("  # remove [value]: then all rows count the same",),
        )
    else:
        roles.found_value = stars_or_weight(values, role=role, is_old=is_old)


def _other_numbers(table: Table, roles: Roles) -> list[tuple[int, str]]:
    """Return columns of numbers that have no other meaning: of `value` if there is just one."""
    used = roles.used()
    places = [
        place
        for place, label in enumerate(table.labels)
        if place not in used
        and not _NO_VALUE.search(letters(label))
        and place not in table.sniffed.nested
        and share_of_numbers(table.sniffed.values(place)) > 0.9  # noqa: PLR2004
    ]
    if table.is_named and len(table.labels) > len(used) + 1:
        return [(place, "amount") for place in places if _AMOUNT.search(table.labels[place].lower())]
    if not table.is_named:
        # What each item has is its price or category, and no value of what somebody did with it.
        places = [
            place for place in places if not (is_clock(table, place) or tells(table, roles.item, place))
        ]
    if len(places) > 1:
        places = _varying(table, places)
    return [(place, "value" if len(places) == 1 else "amount") for place in places]


def _varying(table: Table, places: list[int]) -> list[int]:
    return [place for place in places if len(set(table.sniffed.values(place))) > 1]
