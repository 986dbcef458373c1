"""Datasets: public ratings to try the job on, downloaded and written as its input files.

What can be fetched, and from where, is a table in `catalogue.py`. Nothing else in `batch` imports this
folder but its command.
"""
