"""The look-up service: answers from the published DuckDB file with SQL, and from nothing else.

It reads what `batch` writes; neither imports the other.
"""

__version__ = "0.6.0"
