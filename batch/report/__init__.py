"""Report: one HTML page about a generation, with plots, which opens without a network.

`facts.py` reads published files, `plots.py` draws, `page.py` fills the template. It may change in any way:
nothing reads a report but people.
"""
