"""Versions: of everything that can change what the same input and settings make."""

import platform
from importlib.metadata import version

from batch import __version__

_PACKAGES = ("duckdb", "implicit", "numba", "numpy", "scipy")
_PACKAGES_OF = {"local": _PACKAGES, "spark": (*_PACKAGES, "pyspark")}


def versions(engine: str = "local") -> dict[str, str]:
    """Return the version of this program, of Python and of the packages, by name; none is imported."""
    return {
        "batch": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES_OF[engine]},
    }
