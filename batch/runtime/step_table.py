"""Step table: what each step of a run took."""

from collections.abc import Mapping

from rich.table import Table

from batch.runtime.memory import tells_peaks_apart
from batch.runtime.tables import bare_table

# What is counted of a step. The table shows it, since rows of ratings and users are not alike.
ROWS_OF = {
    "load": "ratings",
    "clean": "ratings",
    "train": "ratings",
    "score": "users",
    "explain": "users",
    "similar": "movies",
    "evaluate": "evaluated users",
    "write": "rows of the file",
    "check": "rows of the file",
}


def format_share(share: float) -> str:
    """Return a share in per cent; nothing but the whole is 100 %."""
    return "100%" if share == 1 else f"{min(share, 0.999):.1%}"


def table(seconds: Mapping[str, float], rows: Mapping[str, int], peak_mb: Mapping[str, float]) -> Table:
    """Return a table with a row for each step, and one for all; what isn't known of a step stays blank."""
    peak = "peak MiB" if tells_peaks_apart() else "peak MiB so far"
    page = bare_table()
    page.add_column("step", no_wrap=True)
    for name in ("seconds", "rows", "of what", "rows a second", peak):
        page.add_column(name, justify="left" if name == "of what" else "right", no_wrap=True)
    for step, took in seconds.items():
        counted = rows.get(step)
        page.add_row(
            step,
            f"{took:,.2f}",
            "" if counted is None else f"{counted:,}",
            "" if counted is None else ROWS_OF[step],
            "" if counted is None or not took else f"{counted / took:,.0f}",
            f"{peak_mb[step]:,.0f}",
        )
    page.add_row("all", f"{sum(seconds.values()):,.2f}", "", "", "", f"{max(peak_mb.values()):,.0f}")
    return page
