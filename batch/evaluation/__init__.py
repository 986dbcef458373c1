"""Evaluation: how good lists are, on ratings that the model has not seen.

Splits, baselines and metrics are modules of their names; `holdout.py`, `last_night.py` and `gate.py` are what
a nightly run does, `evaluate.py` and `tune.py` what the commands do. A new metric is measured and stored by
`metrics.py` alone; `summary.py` says which are shown.
"""
