"""Generation: one published file, from its draft to the day when it is removed.

`write.py`, `check.py` and `publish.py` make one; `store.py` knows the output folder, its link and its lock;
`reader.py` opens one. Each command on what is published has a module of its name.
"""
