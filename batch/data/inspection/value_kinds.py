"""Value kinds: what the numbers of a column are, stars or counts, and how its times are written."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

# So many values decide; a larger sample decides the same.
MAX_TIMES = 2_000
# So large a share of numbers may lie outside of a scale: they are rejected, each with its rule.
MAX_OUTSIDE = 0.03
# Below this share, a number that may mean "not rated" is an odd value.
MIN_UNRATED = 0.01
# Fewer numbers tell nothing of how they are spread.
MIN_NUMBERS = 20
# So many numbers show all that there are on a scale.
MANY_NUMBERS = 100
_NUMBER = re.compile(r"[-+]?\d*[.,]?\d+([eE][-+]?\d+)?|[-+]?\d+\.")
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?\s?(Z|[+-]\d\d(:?\d\d)?)?)?")
_UTC = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
_DATES = ("%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d/%b/%Y", "%d.%m.%y")
_EITHER = (("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y"), ("%d/%m/%y", "%m/%d/%y"))
_CLOCKS = ("", " %H:%M", " %H:%M:%S", ", %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S", ":%H:%M:%S")
# Scales that are known, and what the highest number must exceed on each.
_LEAST_HIGHEST = {
    (0.5, 5.0): 1.0,
    (0.0, 5.0): 4.0,
    (0.5, 10.0): 9.0,
    (0.0, 10.0): 9.0,
    (-10.0, 10.0): 0.0,
    (0.0, 100.0): 90.0,
}
# From 1990 to 2100, in each unit.
_UNITS = (
    ("s", 631_152_000, 4_102_444_800),
    ("ms", 631_152_000e3, 4_102_444_800e3),
    ("us", 631_152_000e6, 4_102_444_800e6),
    ("ns", 631_152_000e9, 4_102_444_800e9),
    ("yyyymmdd", 19_900_101, 21_000_101),
    ("%Y%m%d%H%M%S", 19_900_101_000_000, 21_000_101_000_000),
    ("excel", 32_874, 73_051),
)
_TIMES_IN_WORDS = {
    "s": "seconds since 1970",
    "ms": "milliseconds since 1970",
    "us": "microseconds since 1970",
    "ns": "nanoseconds since 1970",
    "iso": "ISO 8601, in UTC if they name no zone",
    "excel": "days as Excel counts them, in UTC",
    "yyyymmdd": "days as YYYYMMDD, in UTC",
}
_PER_SECOND = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}


@dataclass(frozen=True)
class Found:
    """What was found of a column: keys of `input.toml`, or what is in doubt and the ways out."""

    keys: dict[str, Any] = field(default_factory=dict)
    text: str = ""  # for findings
    doubt: str = ""  # what is in doubt, if anything
    remedies: tuple[str, ...] = ()  # lines for `input.toml`, of which one is to be chosen


def number_of(text: str) -> float | None:
    """Return the number that a text means, with a point or a comma before decimals; None if it is none."""
    if not _NUMBER.fullmatch(text):
        return None
    return float(text.replace(",", "."))


def numbers_of(values: Sequence[str | None]) -> list[float]:
    """Return the numbers among values."""
    found = (number_of(value) for value in values if value is not None)
    return [number for number in found if number is not None]


def share_of_numbers(values: Sequence[str | None]) -> float:
    """Return the share of the values that are there which are numbers."""
    given = [value for value in values if value is not None]
    return len(numbers_of(given)) / len(given) if given else 0.0


def has_decimal_comma(values: Sequence[str | None]) -> bool:
    """Return whether numbers are written with a comma before their decimals."""
    given = [value for value in values if value is not None]
    commas = sum(1 for value in given if re.fullmatch(r"[-+]?\d+,\d+", value))
    points = sum(1 for value in given if re.fullmatch(r"[-+]?\d+\.\d+", value))
    return commas > points


def stars_or_weight(values: Sequence[str | None], *, role: str, is_old: bool = False) -> Found:
    """Return keys of `[value]` for numbers. `role` is stars, weight or value, by the name of their column.

    `is_old`: the column is `rating` of `ratings.csv`, which was always on the scale of 0.5 to 5 before.
    """
    numbers = numbers_of(values)
    counts = Counter(numbers)
    if role == "weight":
        return Found({"kind": "weight"}, "a weight, of which the logarithm counts")
    if not numbers:
        return _doubt("has no numbers", ["scale = [0.5, 5]"], is_weight=True)
    if len(counts) == 1 and not (is_old and 0.5 <= numbers[0] <= 5 and numbers[0] != 1):  # noqa: PLR2004
        return Found({}, f"is always {numbers[0]:g}, and so says nothing")
    if looks_like_counts(counts):
        return _counts_or_stars(counts, role=role, is_old=is_old)
    if is_old and _is_on_old_scale(counts):
        return Found({"kind": "stars", "scale": (0.5, 5.0)}, _stars_in_words(counts, (0.5, 5.0)))
    found = _stars(counts)
    # Few numbers on no scale are odd ones on the scale that was always read.
    few_odd = is_old and found.doubt and len(numbers) < MIN_NUMBERS and max(counts) > 1
    return Found({"kind": "stars", "scale": (0.5, 5.0)}, "stars from 0.5 to 5") if few_odd else found


def _stars_in_words(counts: Counter[float], scale: tuple[float, float]) -> str:
    """Return which stars there are, and the scale if that has others."""
    inside = [value for value in counts if scale[0] <= value <= scale[1]]
    text = f"stars from {min(inside):g} to {max(inside):g}"
    return (
        text
        if (min(inside), max(inside)) == scale
        else f"{text}, on a scale from {scale[0]:g} to {scale[1]:g}"
    )


def _is_on_old_scale(counts: Counter[float]) -> bool:
    """Return whether enough numbers are on the scale that was always read: others are rejected in a run."""
    number = counts.total()
    inside = sum(times for value, times in counts.items() if 0.5 <= value <= 5)  # noqa: PLR2004
    if max(counts) <= 1 or counts[0.0] + counts[-1.0] >= MIN_UNRATED * number:
        return False
    # Few numbers are not enough for a doubt.
    return inside >= 0.9 * number or (inside >= 0.5 * number and number < MIN_NUMBERS)


def _counts_or_stars(counts: Counter[float], *, role: str, is_old: bool) -> Found:
    """Return what numbers are that are spread as counts are: a doubt, unless their column or size tells."""
    lowest, highest, number = min(counts), max(counts), counts.total()
    if role == "value" and highest > 100:  # noqa: PLR2004 (no scale has more)
        return Found({"kind": "weight"}, "counts, of which the logarithm is the weight")
    # On the scale that was always read, few numbers are not enough for a doubt.
    if is_old and highest <= 5 and (number < MANY_NUMBERS or counts[1] <= number / 2):  # noqa: PLR2004
        return _stars(counts)
    most = f"most of them {counts.most_common(1)[0][0]:g}"
    text = f"has numbers from {lowest:g} to {highest:g}, {most}, as counts have"
    return _doubt(text, [_scale_line(lowest, highest)], is_weight=True)


def looks_like_counts(counts: Counter[float]) -> bool:
    """Return whether numbers are spread as counts are: whole, low ones the most, and a long tail."""
    number = counts.total()
    core = {value: times for value, times in counts.items() if value >= 0}
    if number < MIN_NUMBERS or sum(core.values()) < 0.99 * number:
        return False
    whole = sum(times for value, times in core.items() if value == int(value))
    if whole < 0.99 * number:
        return False
    ordered = sorted(counts.elements())
    median, high, highest = ordered[number // 2], ordered[int(number * 0.99)], ordered[-1]
    if highest > 100:  # noqa: PLR2004 (no scale has more)
        return high > 4 * max(median, 1) or sum(ordered) / number > 1.3 * max(median, 1)
    falls = counts[1] >= counts[2] >= counts[3] >= counts[4] and counts[1] > 1.5 * counts[3]
    return falls and counts[1] > 0.3 * number and highest > 3  # noqa: PLR2004


def _stars(counts: Counter[float]) -> Found:
    if counts.total() >= MANY_NUMBERS and 1 < max(counts) <= 3:  # noqa: PLR2004
        lowest, highest = min(counts), max(counts)
        text = f"has numbers from {lowest:g} to {highest:g} only"
        return _doubt(text, [_scale_line(lowest, highest)], is_weight=lowest >= 0)
    unrated, rest, doubt = _unrated(counts)
    if doubt:
        return doubt
    for scale in _LEAST_HIGHEST:
        if (found := _on_scale(scale, rest)) is not None:
            lowest, highest = found
            keys: dict[str, Any] = {"kind": "stars", "scale": found}
            if unrated:
                keys["unrated"] = unrated
            if (lowest, highest) == (-1, 1) and rest[0]:
                keys["positive"] = 1.0
            seen = f", {', '.join(f'{each:g}' for each in unrated)} means not rated" if unrated else ""
            return Found(keys, _stars_in_words(rest, found) + seen)
    lowest, highest = _core(rest)
    text = f"has numbers from {lowest:g} to {highest:g}, which is no usual scale"
    return _doubt(text, [_scale_line(lowest, highest)], is_weight=lowest >= 0)


def _unrated(counts: Counter[float]) -> tuple[tuple[float, ...], Counter[float], Found | None]:
    """Return numbers that mean "not rated", and the others; or what is in doubt about 0."""
    number = counts.total()
    for mark in (-1.0, 99.0):
        rest = Counter({value: times for value, times in counts.items() if value != mark})
        far = mark == 99.0 and max(rest, default=99) <= 10 and min(rest) < 0  # noqa: PLR2004
        below = mark == -1.0 and sum(each for value, each in rest.items() if value < 0) < 0.01 * number
        if counts[mark] > MIN_UNRATED * number and (far or below) and len(rest) > 2:  # noqa: PLR2004
            return (mark,), rest, None
    highest = _core(counts)[1]
    others = [value for value in counts if value > 0]
    if counts[0.0] < MIN_UNRATED * number or highest not in {5.0, 10.0} or min(counts) < 0 or not others:
        return (), counts, None
    rest = Counter({value: times for value, times in counts.items() if value})
    if number < MIN_NUMBERS or counts[0.0] <= max(2 * counts[1.0], counts[0.5]):
        return (), counts, None
    lowest = 1 if all(value >= 1 for value in others) else 0.5
    if counts[0.0] > 0.3 * number and counts[0.0] > 3 * counts[1.0]:
        return (0.0,), rest, None
    share = counts[0.0] / number
    text = f"has 0 in {share:.0%} of the rows, on a scale up to {highest:g}: the worst, or not rated"
    scales = [f"scale = [0, {highest:g}]", f"scale = [{lowest:g}, {highest:g}]\n  unrated = [0]"]
    return (), counts, _doubt(text, scales, is_weight=False)


def _on_scale(scale: tuple[float, float], counts: Counter[float]) -> tuple[float, float] | None:
    """Return the scale as it is used, if nearly all numbers lie on this one and reach its end."""
    number = counts.total()
    inside = {value: times for value, times in counts.items() if scale[0] <= value <= scale[1]}
    if sum(inside.values()) < (1 - MAX_OUTSIDE) * number:
        return None
    lowest, highest = min(inside), max(inside)
    if scale[0] < 0:
        return _symmetric(lowest, highest)
    if scale == (0.0, 5.0) and highest <= 1:
        return (0.0, 1.0) if set(inside) == {0.0, 1.0} or any(value % 1 for value in inside) else None
    # A scale of 7, say, is not known.
    if highest <= _LEAST_HIGHEST[scale] or (scale[1] == 100 and len(inside) < 6):  # noqa: PLR2004
        return None
    whole = all(value % 1 == 0 for value in inside)
    is_from_1 = scale[1] == 10 and (lowest >= 1 or (whole and scale[0] > 0))  # noqa: PLR2004
    return (1.0, 10.0) if is_from_1 else scale


def _symmetric(lowest: float, highest: float) -> tuple[float, float] | None:
    """Return a scale around 0 on which numbers lie, if they reach both of its ends."""
    if lowest >= -1 and highest <= 1:
        return -1.0, 1.0
    end = 5.0 if highest <= 5 else 10.0  # noqa: PLR2004
    return (-end, end) if min(-lowest, highest) > 0.8 * end else None


def _core(counts: Counter[float]) -> tuple[float, float]:
    """Return the lowest and the highest number, but for the few at both ends that may be odd."""
    ordered = sorted(counts.elements())
    skipped = int(len(ordered) * 0.005)
    return ordered[skipped], ordered[-1 - skipped]


def _scale_line(lowest: float, highest: float) -> str:
    return f"scale = [{lowest:g}, {highest:g}]"


def _doubt(text: str, stars: list[str], *, is_weight: bool) -> Found:
    remedies = [f'  kind = "stars"\n  {each}' for each in stars]
    if is_weight:
        remedies.append('  kind = "weight"  # counts or hours, which add up')
    return Found(doubt=text, remedies=tuple(remedies))


def _in_words(form: str) -> str:
    return _TIMES_IN_WORDS.get(form, form)


def time_format(values: Sequence[str | None], *, is_old: bool = False) -> Found:
    """Return the key `format` of `[time]`. `is_old`: the column is `timestamp` of `ratings.csv`."""
    given = [value for value in values if value is not None]
    given = given[:: -(-len(given) // MAX_TIMES)] if given else given
    if not given:
        return Found(doubt="has no times", remedies=("  # remove [time]: then no order is learned",))
    numbers = numbers_of(given)
    if len(numbers) > 0.8 * len(given):
        return _numeric_time(given, numbers, is_old=is_old)
    for pattern, name in ((_ISO, "iso"), (_UTC, "%Y-%m-%d %H:%M:%S UTC")):
        if sum(1 for value in given if pattern.fullmatch(value)) > 0.8 * len(given):
            return Found({"format": "auto" if is_old and name == "iso" else name}, _in_words(name))
    if is_old and (len(given) < MIN_NUMBERS or len(numbers) > 0.5 * len(given)):
        return Found({"format": "auto"}, "seconds since 1970, or ISO 8601")
    return _written_time(given)


def _numeric_time(given: list[str], numbers: list[float], *, is_old: bool) -> Found:
    for name, lowest, highest in _UNITS:
        if sum(1 for number in numbers if lowest <= number < highest) > 0.9 * len(numbers):
            if name == "yyyymmdd" and not all(_date_of(value, "%Y%m%d") for value in given[:50]):
                continue
            if name == "excel" and is_old and len(numbers) < MIN_NUMBERS:
                continue
            auto = is_old and name == "s"
            return Found({"format": "auto" if auto else name}, _in_words(name))
    if is_old:
        return Found({"format": "auto"}, _in_words("s"))
    text = f"has numbers from {min(numbers):g} to {max(numbers):g}, which are no times from 1990 on"
    return Found(doubt=text, remedies=('  format = "s"', "  # or remove [time]: then no order is learned"))


def _date_of(value: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(value, form).replace(tzinfo=UTC)
    except ValueError:
        return None


def _fits(given: list[str], form: str) -> bool:
    """Return whether nearly all values are written so; the first few that are not tell it soon."""
    allowed = 0.05 * len(given)
    for value in given:
        allowed -= _date_of(value, form) is None
        if allowed < 0:
            return False
    return True


def _written_time(given: list[str]) -> Found:
    for date in _DATES:
        for clock in _CLOCKS:
            if _fits(given, date + clock):
                return Found({"format": date + clock}, _in_words(date + clock))
    for day_first, month_first in _EITHER:
        for clock in _CLOCKS:
            forms = [form for form in (day_first + clock, month_first + clock) if _fits(given, form)]
            if len(forms) == 1:
                return Found({"format": forms[0]}, _in_words(forms[0]))
            if forms:
                text = f"has dates such as {given[0]}, in which day or month may be first"
                return Found(doubt=text, remedies=tuple(f'  format = "{form}"' for form in forms))
    text = f"has times such as {given[0][:40]!r}, which are written in no known way"
    return Found(doubt=text, remedies=('  format = "%Y-%m-%d %H:%M:%S"', "  # or remove [time]"))


def time_of(value: str, form: str) -> datetime | None:
    """Return the time that a value means, as the run will read it; None if it is none."""
    number = number_of(value)
    try:
        if form == "auto":
            form = "s" if number is not None else "iso"
        if form in _PER_SECOND:
            return None if number is None else datetime.fromtimestamp(number / _PER_SECOND[form], UTC)
        if form == "excel":
            seconds = None if number is None else (number - 25_569) * 86_400
            return None if seconds is None else datetime.fromtimestamp(round(seconds), UTC)
        if form == "iso":
            found = datetime.fromisoformat(value.replace(",", ".").strip())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        return _date_of(value, "%Y%m%d" if form == "yyyymmdd" else form)
    except (ValueError, OverflowError, OSError):
        return None
