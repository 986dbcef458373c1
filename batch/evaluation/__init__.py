"""Evaluation: how good lists are, on ratings that the model has not seen.

Splits, baselines and metrics are modules of their names; `holdout.py` and `gate.py` are what a nightly run
does, `evaluate.py` and `tune.py` what the commands do. A new metric is added in `metrics.py` alone.
"""
