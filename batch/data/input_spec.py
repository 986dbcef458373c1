"""Input spec: what `input.toml` says of a folder, or `understand` finds: files, and what columns mean.

docs/input.md is the reference of the file; its table of keys is made from these classes.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from batch.errors import InputError

FILE = "input.toml"
TIME_FORMATS = ("auto", "s", "ms", "us", "ns", "iso", "excel", "yyyymmdd")

# The name of a column, or its position from 1 if the file has no header.
Column = Annotated[str, Field(min_length=1)] | Annotated[int, Field(ge=1)]
Columns = dict[str, Column]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _WithAttributes(_Part):
    attributes: Columns = Field({}, description="Further columns: a list of names, or name = column.")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(names := values.get("attributes"), list):
            return {**values, "attributes": {str(name): name for name in names}}
        return values


class Files(_Part):
    """Files with the same columns, and how they are written."""

    file: str | tuple[str, ...] = Field("", description="A file, a glob, or a folder; or a list of them.")
    query: str = Field("", description="Instead of `file`: a SELECT over files that DuckDB reads.")
    format: Literal["csv", "json", "parquet"] | None = Field(
        None, description="`csv` for any separated text, `json` for JSON lines; default: by the ending."
    )
    separator: str = Field(",", min_length=1, max_length=4, description="What stands between values.")
    quote: str = Field('"', max_length=1, description="What may stand around a value; empty for nothing.")
    encoding: str = Field("utf-8", description="Encoding of the text, such as `latin-1` or `utf-16`.")
    decimal: Literal[".", ","] = Field(".", description="What stands before the decimals of a number.")
    header: bool = Field(True, description="Whether the first line has the names of the columns.")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if bool(self.file) == bool(self.query):
            raise ValueError("give either file or query")
        try:
            "".encode(self.encoding)
        except LookupError:
            raise ValueError(f"encoding {self.encoding!r} is unknown; try utf-8, utf-16 or latin-1") from None
        return self


class InteractionFiles(Files):
    """The rows from which everything is learned."""

    user: Column = Field(description="Column of the user.")
    item: Column = Field(description="Column of the item.")


class Value(_Part):
    """The number of an interaction: stars on a scale, or a weight such as a count."""

    column: Column = Field(description="Column of the number.")
    kind: Literal["stars", "weight"] = Field(
        "stars", description="`stars` on a scale; `weight` for counts or hours, which add up over repeats."
    )
    scale: tuple[float, float] = Field((0.5, 5.0), description="Of stars: the lowest and the highest.")
    positive: float | None = Field(
        None, description="Of stars: the lowest that says yes; default: the middle of the scale."
    )
    unrated: tuple[float, ...] = Field(
        (), description="Numbers that mean that the item was seen but not rated, such as -1."
    )
    logarithmic: bool = Field(True, description="Of weights: whether their logarithm counts.")

    @property
    def min_positive(self) -> float:
        """The lowest number of stars that says yes: the middle of the scale, and 3 of 0.5 to 5."""
        lowest, highest = self.scale
        if self.positive is not None:
            return self.positive
        return 3.0 if self.scale == (0.5, 5.0) else (lowest + highest) / 2

    @model_validator(mode="after")
    def _rising(self) -> Self:
        lowest, highest = self.scale
        if not lowest < highest:
            raise ValueError("the scale must be its lowest and its highest number")
        if not lowest <= self.min_positive <= highest:
            raise ValueError("positive must lie on the scale")
        return self


class Event(_Part):
    """What kinds of events there are, and how much each says."""

    column: Column = Field(description="Column of the kind.")
    kinds: dict[str, Annotated[float, Field(gt=0)] | Literal["ignore", "negative"]] = Field(
        min_length=1, description='For each kind a weight, `"ignore"`, or `"negative"`.'
    )


class Time(_Part):
    """When an interaction was."""

    column: Column = Field(description="Column of the time.")
    format: str = Field(
        "auto",
        description="`s`, `ms`, `us`, `ns` since 1970, `iso`, `excel` (days), `yyyymmdd`, a format such as "
        "`%d.%m.%Y %H:%M`; `auto`: seconds or ISO 8601.",
    )
    zone: str = Field("UTC", description="Time zone of times that name none, such as `Europe/Berlin`.")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.format not in TIME_FORMATS and "%" not in self.format:
            raise ValueError(f"format {self.format!r} is unknown; use one of {', '.join(TIME_FORMATS)} or %Y")
        return self


class ItemFiles(Files, _WithAttributes):
    """What is known of items."""

    id: Column = Field(description="Column of the item.")
    title: Column | None = Field(None, description="Column of the title; without it, ids are titles.")
    genres: Column | None = Field(None, description="Column of genres or categories.")
    genre_separator: str = Field("|", min_length=1, description="What stands between two genres.")
    genre_flags: Columns = Field(
        {}, description="Genres that have a column each, which is 1 for an item of that genre."
    )
    year: Column | None = Field(None, description="Column of the year; default: the year in the title.")
    image: Column | None = Field(None, description="Column of the address of a picture.")


class UserFiles(Files, _WithAttributes):
    """What is known of users."""

    id: Column = Field(description="Column of the user.")
    segments: tuple[str, ...] = Field((), description="Attributes whose values make segments.")


class HiddenFiles(Files):
    """Items that are in no list."""

    id: Column = Field(description="Column of the item.")


class InputSpec(_Part):
    """What `input.toml` says."""

    noun: tuple[str, str] = Field(("movie", "movies"), description="What an item is called: one, several.")
    repeats: Literal["exclude", "recommend"] = Field(
        "exclude", description="Whether what a user has had may be recommended again."
    )
    max_per_user: int | None = Field(
        None, ge=1, description="Number of rows of one user that count, the newest; others are recorded."
    )
    interactions: InteractionFiles = Field(description="The rows from which everything is learned.")
    value: Value | None = Field(None, description="The number of an interaction.")
    event: Event | None = Field(None, description="The kind of an interaction.")
    time: Time | None = Field(None, description="When an interaction was; without it no order is learned.")
    items: ItemFiles | None = Field(None, description="What is known of items; without it, ids are titles.")
    users: UserFiles | None = Field(None, description="What is known of users.")
    hidden: HiddenFiles | None = Field(None, description="Items that are in no list.")

    @property
    def scale(self) -> tuple[float, float] | None:
        """The lowest and the highest stars; None without stars."""
        return self.value.scale if self.value is not None and self.value.kind == "stars" else None

    @property
    def adds_up(self) -> bool:
        """Whether weights of the same user and item add up; else the newest row counts."""
        return self.event is not None or (self.value is not None and self.value.kind == "weight")


def read_spec(folder: Path) -> InputSpec | None:
    """Read the `input.toml` of a folder; None if there is none. Raises InputError with every fault of it."""
    file = folder / FILE
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: is no TOML ({error}); correct it, or delete it") from None
    try:
        return InputSpec.model_validate(values)
    except ValidationError as error:
        faults = "\n".join(f"  {_place(each['loc'])}: {_fault(each)}" for each in error.errors())
        raise InputError(f"{file}: is not valid; docs/input.md has every key\n{faults}") from None


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(each) for each in location) or FILE


def _fault(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "is no key; remove it, or correct its name"
    if error["type"] == "missing":
        return "is missing; add it"
    return f"{error['msg'].removeprefix('Value error, ')}, not {str(error['input'])[:80]}"
