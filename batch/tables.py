"""Tables: how all of them look on a terminal."""

from rich import box
from rich.table import Table


def bare_table(title: str | None = None) -> Table:
    """Return a table without columns yet: a line below the head, as narrow as it can be."""
    return Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
    )
