"""Input spec: what an `input.toml` may say, and what is said of one that is not valid."""

import re
from pathlib import Path

import duckdb
import pytest

from batch.data.input_spec import FILE, InputSpec, read_spec
from batch.data.inputs import find_inputs
from batch.data.load import load
from batch.errors import InputError

ROWS = """
[interactions]
file = "rows.csv"
user = "user"
item = "item"
"""


def _spec(folder: Path, text: str) -> InputSpec:
    (folder / FILE).write_text(text, encoding="utf-8")
    spec = read_spec(folder)
    assert spec is not None
    return spec


def _faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as raised:
        _spec(folder, text)
    first, *faults = str(raised.value).splitlines()
    assert first == f"{folder / FILE}: is not valid; docs/input.md has every key"
    return [fault.removeprefix("  ") for fault in faults]


def _rows(*keys: str) -> str:
    return "[interactions]\n" + "\n".join(keys)


FAULTS = {
    # Numbers.
    '[event]\ncolumn = "e"\nkinds = { a = 1e300 }': (
        'event.kinds.a: is 1e+300, but must be a number of at most 1,000,000, "ignore" or "negative"'
    ),
    '[event]\ncolumn = "e"\nkinds = { "add to cart" = inf }': (
        'event.kinds."add to cart": is inf, but must be a number of at most 1,000,000, "ignore" or "negative"'
    ),
    '[event]\ncolumn = "e"\nkinds = { a = nan }': (
        'event.kinds.a: is nan, but must be a number of at most 1,000,000, "ignore" or "negative"'
    ),
    '[event]\ncolumn = "e"\nkinds = { a = 0 }': (
        'event.kinds.a: is 0, but must be a number above 0, "ignore" or "negative"'
    ),
    '[event]\ncolumn = "e"\nkinds = { a = "?" }': (
        'event.kinds.a: is "?", but must be a number, "ignore" or "negative"'
    ),
    '[event]\ncolumn = "e"\nkinds = {}': "event.kinds: is {}, but must be of at least 1 value",
    '[value]\ncolumn = "v"\nscale = [1, 1e300]': (
        "value.scale: has 1e+300, but must be a number of at most 1,000,000"
    ),
    '[value]\ncolumn = "v"\nscale = [-inf, 5]': (
        "value.scale: has -inf, but must be a number from -1,000,000 on"
    ),
    '[value]\ncolumn = "v"\nscale = [5, 1]': (
        "value.scale: is from 5 to 1; give the lowest number, then the highest"
    ),
    '[value]\ncolumn = "v"\nscale = [1, 2, 3]': (
        "value.scale: is [1, 2, 3], but must be of at most 2 values"
    ),
    '[value]\ncolumn = "v"\nscale = [1, 10]\npositive = 11': (
        "value.positive: 11 is not on the scale from 1 to 10"
    ),
    '[value]\ncolumn = "v"\nunrated = [-1, nan]': "value.unrated: has nan, but must be a finite number",
    # Times.
    '[time]\ncolumn = "t"\nzone = "Mars/Base"': (
        "time.zone: 'Mars/Base' is unknown; use UTC, or one such as Europe/Berlin"
    ),
    '[time]\ncolumn = "t"\nformat = "%Q"': "time.format: '%Q' is no format (%Q); correct it",
    '[time]\ncolumn = "t"\nformat = "hello"': (
        "time.format: 'hello' is unknown; use one of auto, s, ms, us, ns, iso, excel, yyyymmdd, "
        "or one with %Y"
    ),
    # What one key says of another.
    '[users]\nfile = "u.csv"\nid = "user"\nattributes = ["age"]\nsegments = ["age", "nope"]': (
        "users.segments: nope is not in users.attributes; add it there, or remove it"
    ),
    '[hidden]\nid = "item"': "hidden: file or query is missing; add one of them",
    '[hidden]\nfile = "h.csv"\nquery = "from h"\nid = "item"': (
        "hidden.query: is there beside file; remove one of them"
    ),
    # Files.
    '[hidden]\nfile = "../h.csv"\nid = 1': (
        "hidden.file: ../h.csv is outside of the folder; name a file inside of it"
    ),
    '[hidden]\nfile = ["a.csv", "/h.csv"]\nid = 1': (
        "hidden.file: /h.csv is outside of the folder; name a file inside of it"
    ),
    '[hidden]\nfile = "h.csv"\nid = 1\nencoding = "klingon"': (
        "hidden.encoding: 'klingon' is unknown; try utf-8, utf-16 or latin-1"
    ),
    # Kinds of values.
    "[hidden]\nfile = 7\nid = 1": "hidden.file: is 7, but must be a text or a list",
    '[hidden]\nfile = ["h.csv", 7]\nid = 1': "hidden.file: has 7, but must be a text",
    '[hidden]\nfile = "h.csv"\nid = [1]': "hidden.id: is [1], but must be a text or a whole number",
    '[hidden]\nfile = "h.csv"\nid = 0': "hidden.id: is 0, but must be a text or a number from 1 on",
    '[hidden]\nfile = "h.csv"\nid = 1\nseparator = ""': (
        'hidden.separator: is "", but must be a text of at least 1 character'
    ),
    '[hidden]\nfile = "h.csv"\nid = 1\nseparator = ",\\n"': (
        'hidden.separator: is ",\\n", but must be a text in one line'
    ),
    '[hidden]\nfile = "h.csv"\nid = 1\nheader = "?"': 'hidden.header: is "?", but must be true or false',
    '[hidden]\nfile = "h.csv"\n': "hidden.id: is missing; add it",
    "[valu]\nx = 1": "valu: is no key; remove it, or correct its name",
    '[hidden]\nfile = "h.csv"\nid = 1\nusr = 2': ("hidden.usr: is no key; remove it, or correct its name"),
}


@pytest.mark.parametrize("section", FAULTS)
def test_a_fault_is_one_line_with_the_key_and_its_value(section: str, tmp_path: Path) -> None:
    assert _faults(tmp_path, f"{ROWS}{section}\n") == [FAULTS[section]]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("noun = 3", "noun: is 3, but must be a list"),
        ('noun = ["film"]', "noun: has too few values; add one"),
        ("repeats = true", 'repeats: is true, but must be "exclude" or "recommend"'),
        ("max_per_user = -1", "max_per_user: is -1, but must be a number from 1 on"),
        (
            f"max_per_user = {10**23}",
            f"max_per_user: is {10**23}, but must be a number of at most 1,000,000,000",
        ),
        ("max_per_user = 1.5", "max_per_user: is 1.5, but must be a whole number"),
        ("hidden = 1979-05-27", "hidden: is 1979-05-27, but must be a table"),
    ],
)
def test_so_is_a_fault_above_all_tables(line: str, fault: str, tmp_path: Path) -> None:
    assert _faults(tmp_path, line + ROWS) == [fault]


@pytest.mark.parametrize(("user", "item"), [('"user"', '"User"'), ("1", "1")])
def test_user_and_item_are_different_columns(user: str, item: str, tmp_path: Path) -> None:
    text = _rows('file = "rows.csv"', f"user = {user}", f"item = {item}")
    (fault,) = _faults(tmp_path, text)
    assert re.fullmatch(r"interactions\.item: \w+ is the column of the user, too; name another", fault)


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    text = """
repeats = "?"
[interactions]
file = "../rows.csv"
user = "user"
item = "user"
[value]
column = "?"
scale = [9, 1]
[time]
column = "t"
format = "%"
zone = "?"
"""
    keys = [fault.partition(": ")[0] for fault in _faults(tmp_path, text)]
    assert keys == [
        "repeats", "interactions.file", "interactions.item", "value.scale", "time.format", "time.zone",
    ]  # fmt: skip


def test_zones_and_formats_that_a_run_knows_are_valid(tmp_path: Path) -> None:
    text = f'{ROWS}[time]\ncolumn = "t"\nformat = "%d.%m.%Y %H:%M"\nzone = "Europe/Berlin"'
    time = _spec(tmp_path, text).time
    assert time is not None
    assert (time.format, time.zone) == ("%d.%m.%Y %H:%M", "Europe/Berlin")


def test_weights_and_scales_may_be_as_large_as_a_million(tmp_path: Path) -> None:
    kinds = '[event]\ncolumn = "e"\nkinds = { a = 1e6, b = 0.001, c = "negative" }'
    event = _spec(tmp_path, ROWS + kinds).event
    assert event is not None
    assert event.kinds == {"a": 1e6, "b": 0.001, "c": "negative"}
    value = _spec(tmp_path, f'{ROWS}[value]\ncolumn = "v"\nscale = [-1e6, 1e6]').value
    assert value is not None
    assert value.min_positive == 0


def test_a_symbolic_link_out_of_the_folder_is_followed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "elsewhere.csv").write_text("user,item\n1,2\n", encoding="utf-8")
    (data / "rows.csv").symlink_to(tmp_path / "elsewhere.csv")
    (data / FILE).write_text(ROWS, encoding="utf-8")
    assert find_inputs(data).ratings.paths == (data / "rows.csv",)


def test_what_several_files_lack_is_named_at_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    sections = (
        '[value]\ncolumn = "stars"\n[time]\ncolumn = "when"\n'
        '[items]\nfile = "items.csv"\nid = "item"\nattributes = ["price", "brand"]\n'
        '[users]\nfile = "users.csv"\nheader = false\nid = 1\nattributes = { age = 2, sex = "sex" }\n'
        '[hidden]\nfile = "hidden.csv"\nid = 3\nheader = false\n'
    )
    (data / FILE).write_text(ROWS + sections, encoding="utf-8")
    for name, text in {
        "rows": "user,item,time\n1,2,3\n",
        "items": "item,item\n1,2\n",
        "users": "1,2\n",
        "hidden": "1\n",
    }.items():
        (data / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised, duckdb.connect() as connection:
        load(connection, find_inputs(data).snapshot(), tmp_path)
    remedy = "correct the file, or name the columns in input.toml"
    assert str(raised.value).splitlines() == [
        f"rows.csv: has no columns stars, when; found user, item, time; {remedy}",
        "items.csv: has the column item twice; keep one of them",
        f"items.csv: has no columns price, brand; found item, item; {remedy}",
        "users.csv: has no header, and so no column sex; name positions from 1 to 2",
        "hidden.csv: has no column 3; there is one; correct input.toml",
    ]


def test_files_that_are_missing_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f'{ROWS}[items]\nfile = "items/*.csv"\nid = "item"\n', encoding="utf-8")
    with pytest.raises(InputError) as raised:
        find_inputs(tmp_path)
    assert str(raised.value).splitlines() == [
        f"{tmp_path}: has no file {name}; put it there, or correct {FILE}"
        for name in ("rows.csv for interactions", "items/*.csv for items")
    ]
