"""Generation: one published file, from its draft to the day when it is removed.

`write.py`, `check.py` and `publish.py` make one; `output_folder.py` adds and removes them, and holds link,
lock and journal; `reader.py` opens one. Each command on what is published has a module of its name.
"""
