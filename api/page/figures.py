"""What a generation says of itself in figures."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from api.lookup import Generation


class Figures(NamedTuple):
    """The columns of `sql/page/figures.sql`."""

    id: str
    finished_at: datetime
    made_by: str
    overridden: Sequence[str]
    seconds: Mapping[str, float]
    rows: Mapping[str, int]
    peak_mb: Mapping[str, float]
    rows_read: int
    rows_kept: int
    rows_repaired: int
    rows_rejected: int
    rows_superseded: int
    rows_held_out: int
    users: int
    items: int


async def read_figures(generation: Generation) -> Figures:
    """Return the figures. Raises duckdb.Error if the file is damaged."""
    (row,) = await generation.read("page/figures")
    return Figures(*row)
