"""Model: vectors of users and items, whose inner product is the score.

Each part has a module: `als.py`, `sequential.py`, `personal_trend.py`, `genres.py`, `trend.py`; `ridge.py`
solves the regression of two of them. `weighted_parts.py` weighs the parts and puts them side by side, and
`part_weights.py` learns what they weigh. `attributes.py` foresees the vectors of new items, and
`beginnings.py` those of new users.
A part can change without a look elsewhere, as long as its vectors keep their shapes; `make test` holds the
quality.
"""
