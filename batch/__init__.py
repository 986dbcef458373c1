"""The nightly job: a folder of ratings becomes one DuckDB file of ranked lists.

It writes what `api` reads; neither imports the other.
"""

__version__ = "0.6.0"
