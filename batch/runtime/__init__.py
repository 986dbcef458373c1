"""Runtime: what every step uses, and no step is about.

The working database, machine code for loops, progress, memory, tables on a terminal. Nothing here knows of
ratings or lists.
"""
