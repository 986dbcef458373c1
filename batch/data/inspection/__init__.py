"""Inspection: what the files of a folder are, and what their columns mean, by samples of them.

`understand.py` is the way in. `sniff_file.py` says how one file is written, `tables_of_folder.py` which files
belong together, the modules of roles which column is what, and `value_kinds.py` what numbers and times are.
"""
