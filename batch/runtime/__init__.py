"""Runtime: what every step uses, and no step is about.

The working database, machine code for loops, threads, progress, memory, tables on a terminal. Nothing in it
knows of ratings or lists.
"""
