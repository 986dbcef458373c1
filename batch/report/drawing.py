"""Drawing: how every plot looks, and how it becomes a part of a page that takes its colours and letters."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from io import StringIO
from typing import Any, Concatenate, ParamSpec
from xml.etree import ElementTree as ET

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

# What stands in a drawing for a colour of the page.
INK, MUTED, RULE, ACCENT, SOFT = "#010101", "#020202", "#030303", "#040404", "#050505"
_OF_PAGE = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    ACCENT: "var(--accent)",
    SOFT: "var(--soft)",
}
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
INCHES = (4.2, 2.6)
Values = ParamSpec("Values")


def legend(axes: Axes) -> None:
    """Name the lines and bars above the drawing, where that hides nothing."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2, handlelength=1.4)


def counted(axis: Any) -> None:
    """Write whole numbers in full, as people read them."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def _style() -> AbstractContextManager[None]:
    return mpl.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "report",
            "font.size": 8.5,
            "axes.labelsize": 8.5,
            "xtick.labelsize": 8.5,
            "ytick.labelsize": 8.5,
            "legend.fontsize": 8.5,
            "legend.frameon": False,
            "axes.edgecolor": MUTED,
            "axes.labelcolor": MUTED,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.6,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": RULE,
            "grid.linewidth": 0.6,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "xtick.major.size": 3,
            "ytick.major.size": 0,
            "xtick.minor.size": 0,
            "ytick.minor.size": 0,
            "text.color": INK,
            "lines.linewidth": 1.6,
            "lines.markersize": 4,
        }
    )


def drawn(
    name: str, draw: Callable[Concatenate[Axes, Values], None], *values: Values.args, **named: Values.kwargs
) -> Markup:
    """Return what `draw` draws of these values as an element of a page.

    `name` makes the ids in it differ from those of other drawings.
    """
    with _style():
        figure = Figure(figsize=INCHES, layout="constrained", facecolor="none")
        axes = figure.add_subplot(facecolor="none")
        draw(axes, *values, **named)
        text = StringIO()
        figure.savefig(text, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return Markup(_of_page(name, text.getvalue()))  # noqa: S704 (our own drawing)


def _of_page(name: str, drawing: str) -> str:
    """Remove what only a file of its own needs, and use the colours of the page."""
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    root = ET.fromstring(drawing)  # noqa: S314 (our own drawing)
    for each in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(each)
    for size in ("width", "height"):
        root.attrib.pop(size)
    # The element around it describes it to people who can't see it.
    root.attrib |= {"aria-hidden": "true", "focusable": "false"}
    page = ET.tostring(root, encoding="unicode")
    page = re.sub(r'\bid="', f'id="{name}-', page)
    page = re.sub(r'(url\(|href=")#', rf"\1#{name}-", page)
    page = re.sub(r"font: (\S+) [^;\"]*", r"font-size: \1", page)
    for colour, of_page in _OF_PAGE.items():
        page = page.replace(colour, of_page)
    return page
