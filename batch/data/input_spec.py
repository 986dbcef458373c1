"""Input spec: what `input.toml` says of a folder, or `understand` finds: files, and what columns mean.

docs/input.md is the reference of the file; its table of keys is made from these classes.
"""

import tomllib
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal

import duckdb
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from batch.data.spec_faults import faults_of
from batch.errors import InputError
from sql import statement

FILE = "input.toml"
# No weight, and no number of a scale, is larger: sums of more would leave the numbers that models compute in.
MAX_NUMBER = 1e6
TIME_FORMATS = ("auto", "s", "ms", "us", "ns", "iso", "excel", "yyyymmdd")

# The name of a column, or its position from 1 if the file has no header.
Column = Annotated[str, Field(min_length=1)] | Annotated[int, Field(ge=1)]
Columns = dict[str, Column]
Number = Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]


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
    query: str = Field(
        "", validate_default=True, description="Instead of `file`: a SELECT over files that DuckDB reads."
    )
    format: Literal["csv", "json", "parquet"] | None = Field(
        None, description="`csv` for any separated text, `json` for JSON lines; default: by the ending."
    )
    separator: str = Field(
        ",", min_length=1, max_length=4, pattern=r"^[^\r\n]*$", description="What stands between values."
    )
    quote: str = Field('"', max_length=1, description="What may stand around a value; empty for nothing.")
    encoding: str = Field("utf-8", description="Encoding of the text, such as `latin-1` or `utf-16`.")
    decimal: Literal[".", ","] = Field(".", description="What stands before the decimals of a number.")
    header: bool = Field(True, description="Whether the first line has the names of the columns.")

    @field_validator("file")
    @classmethod
    def _inside(cls, file: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for name in (file,) if isinstance(file, str) else file:
            if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
                raise ValueError(f"{name} is outside of the folder; name a file inside of it")
        return file

    @field_validator("query")
    @classmethod
    def _one_origin(cls, query: str, info: ValidationInfo) -> str:
        # A file that is no name is a fault of its own.
        if "file" in info.data and bool(info.data["file"]) == bool(query):
            fault = "is there beside file; remove one" if query else "file or query is missing; add one"
            raise ValueError(f"{fault} of them")
        return query

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except (LookupError, ValueError):
            raise ValueError(f"{encoding!r} is unknown; try utf-8, utf-16 or latin-1") from None
        return encoding


class InteractionFiles(Files):
    """The rows from which everything is learned."""

    user: Column = Field(description="Column of the user.")
    item: Column = Field(description="Column of the item.")

    @field_validator("item")
    @classmethod
    def _another(cls, item: Column, info: ValidationInfo) -> Column:
        if str(item).lower() == str(info.data.get("user")).lower():
            raise ValueError(f"{item} is the column of the user, too; name another")
        return item


class Value(_Part):
    """The number of an interaction: stars on a scale, or a weight such as a count."""

    column: Column = Field(description="Column of the number.")
    kind: Literal["stars", "weight"] = Field(
        "stars", description="`stars` on a scale; `weight` for counts or hours, which add up over repeats."
    )
    scale: tuple[Number, Number] = Field((0.5, 5.0), description="Of stars: the lowest and the highest.")
    positive: Number | None = Field(
        None, description="Of stars: the lowest that says yes; default: the middle of the scale."
    )
    unrated: tuple[Annotated[float, Field(allow_inf_nan=False)], ...] = Field(
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

    @field_validator("scale")
    @classmethod
    def _rising(cls, scale: tuple[float, float]) -> tuple[float, float]:
        lowest, highest = scale
        if not lowest < highest:
            raise ValueError(f"is from {lowest:g} to {highest:g}; give the lowest number, then the highest")
        return scale

    @field_validator("positive")
    @classmethod
    def _on_scale(cls, positive: float | None, info: ValidationInfo) -> float | None:
        if positive is not None and "scale" in info.data:
            lowest, highest = info.data["scale"]
            if not lowest <= positive <= highest:
                raise ValueError(f"{positive:g} is not on the scale from {lowest:g} to {highest:g}")
        return positive


class Event(_Part):
    """What kinds of events there are, and how much each says."""

    column: Column = Field(description="Column of the kind.")
    kinds: dict[str, Annotated[float, Field(gt=0, le=MAX_NUMBER)] | Literal["ignore", "negative"]] = Field(
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

    @field_validator("format")
    @classmethod
    def _format_known(cls, form: str) -> str:
        if form in TIME_FORMATS:
            return form
        if "%" not in form:
            raise ValueError(f"{form!r} is unknown; use one of {', '.join(TIME_FORMATS)}, or one with %Y")
        try:
            _read_time(form, "UTC")
        except duckdb.Error as error:
            raise ValueError(f"{form!r} is no format ({_reason(error)}); correct it") from None
        return form

    @field_validator("zone")
    @classmethod
    def _zone_known(cls, zone: str) -> str:
        try:
            _read_time("%Y", zone)
        except duckdb.Error:
            raise ValueError(f"{zone!r} is unknown; use UTC, or one such as Europe/Berlin") from None
        return zone


def _read_time(form: str, zone: str) -> None:
    """Read a time as a run does, by the formats and zones of DuckDB. Raises duckdb.Error."""
    with duckdb.connect() as connection:
        connection.execute(statement("load/time_in_zone"), {"format": form, "zone": zone})


def _reason(error: duckdb.Error) -> str:
    return str(error).splitlines()[0].rpartition(": ")[2]


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

    @field_validator("segments")
    @classmethod
    def _of_attributes(cls, segments: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        others = [name for name in segments if name not in info.data.get("attributes", segments)]
        if others:
            raise ValueError(f"{', '.join(others)} is not in users.attributes; add it there, or remove it")
        return segments


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
        None,
        ge=1,
        le=1_000_000_000,
        description="Number of rows of one user that count, the newest; others are recorded.",
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
        faults = "\n".join(f"  {line}" for line in faults_of(error, values))
        raise InputError(f"{file}: is not valid; docs/input.md has every key\n{faults}") from None
