"""How numbers, times, names and titles are written on the page."""

import re
from datetime import UTC, datetime

_ARTICLES = "The|A|An|Les|La|Le|L'|El|Los|Las|Il|Lo|Gli|Der|Die|Das|Un|Une|Det|Den"
# As lists of titles write them: `Girl Who Played with Fire, The (Flickan som lekte med elden) (2009)`.
_LISTED = re.compile(rf"(?P<name>.+?), (?P<article>{_ARTICLES})(?P<rest>( \(.*)?)", re.DOTALL)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# The smallest share that is written as it is, in per cent.
_LEAST = 0.1


def spoken(title: str, year: int | None) -> str:
    """Return a title as one says it: the article in front, without the year, which stands elsewhere."""
    bare = title.removesuffix(f"({year})").rstrip() or title if year else title
    if listed := _LISTED.fullmatch(bare):
        space = "" if listed["article"].endswith("'") else " "
        return f"{listed['article']}{space}{listed['name']}{listed['rest']}"
    return bare


def thousands(number: float) -> str:
    """Return a whole number, in groups of three digits."""
    return f"{number:,.0f}"


def percent(share: float) -> str:
    """Return a share as per cent, with a digit more near none and all; nothing else is 0 or 100."""
    hundred = share * 100
    if 0 < hundred < _LEAST:
        return f"< {_LEAST} %"
    if 100 - _LEAST < hundred < 100:  # noqa: PLR2004
        return f"> {100 - _LEAST} %"
    is_near = 0 < hundred < 9.95 or 99 <= hundred < 100  # noqa: PLR2004
    return f"{hundred:.{1 if is_near else 0}f} %"


def day(moment: datetime | None) -> str:
    """Return a date, nothing for none."""
    return f"{moment.day} {moment:%b} {moment.year}" if moment else ""


def minute(moment: datetime) -> str:
    """Return date and time of day, UTC."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def age(moment: datetime) -> str:
    """Return how long ago that was."""
    seconds = max((datetime.now(UTC) - moment.replace(tzinfo=UTC)).total_seconds(), 0)
    for unit, one, many in ((_DAY, "day", "days"), (_HOUR, "hour", "hours"), (_MINUTE, "min", "min")):
        if number := int(seconds // unit):
            return f"{number:,} {one if number == 1 else many} ago"
    return "just now"


def duration(seconds: float) -> str:
    """Return how long something took, as exactly as one wants to know it."""
    if round(seconds, 1) < _MINUTE:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s"


def plural(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def capital(text: str) -> str:
    """Return a text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


FILTERS = {
    "capital": capital,
    "thousands": thousands,
    "percent": percent,
    "day": day,
    "minute": minute,
    "age": age,
    "duration": duration,
    "plural": plural,
}
