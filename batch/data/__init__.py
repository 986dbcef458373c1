"""Data: the files of a folder become rows, and the valid rows become interactions.

Rules for rows are in `clean.py` and `sql/clean/`, formats of files in `inputs.py` and `load.py`, users who
are forgotten and items that are hidden in `exclusions.py`. What models read is `interactions.py` alone: the
rest can change without them.
"""
