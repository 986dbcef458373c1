"""Meaning: what rows of the same user and item mean together."""

from dataclasses import dataclass

from batch.data.input_spec import InputSpec


@dataclass(frozen=True)
class Meaning:
    """Whether weights add up, and what follows from their sum; the default is that of stars."""

    adds_up: bool = False  # else the newest row counts, and supersedes the others
    is_logarithmic: bool = False  # whether the logarithm of the sum counts
    repeats: bool = False  # whether what a user has had may be recommended again


STARS = Meaning()


def meaning_of(spec: InputSpec) -> Meaning:
    """Return what the rows of an input mean."""
    value = spec.value
    return Meaning(
        adds_up=spec.adds_up,
        is_logarithmic=value is not None and value.kind == "weight" and value.logarithmic,
        repeats=spec.repeats == "recommend",
    )
