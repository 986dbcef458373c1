"""Model: vectors of users and items, whose inner product is the score.

Each part has a module: `als.py`, `sequential.py`, `trend.py`; `weighted_parts.py` weighs them and puts
them side by side. `attributes.py` foresees the vectors of new items, and `beginnings.py` those of new users.
A part can change without a look elsewhere, as long as its vectors keep their shapes; `make test` holds the
quality.
"""
