"""Every setting of the job: its name, its default, and one sentence on what it does.

The command line, the environment variables, the `settings` of a published generation and the table in
the README are made from this list, or tested against it.
"""

from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Settings:
    """The settings of one run; made once by the command line, and passed down.

    Beside its help, the metadata of a setting are its limits: `least` or `above`, and `most`.
    """

    data: Path = field(default=Path("data"), metadata={"help": "Folder with the ratings and movies to read."})
    output: Path = field(
        default=Path("output"), metadata={"help": "Folder in which generations are published."}
    )
    top_n: int = field(
        default=100, metadata={"help": "Depth of the stored lists.", "least": 1, "most": 10_000}
    )
    factors: int = field(
        default=50,
        metadata={"help": "Length of the vectors of users and films.", "least": 1, "most": 4_096},
    )
    alpha: float = field(
        default=5.0,
        metadata={
            "help": "Weight of a rating of five stars, where a film not rated weighs 1.",
            "above": 0,
            "most": 1e6,
        },
    )
    regularization: float = field(
        default=1.0,
        metadata={
            "help": "Pull of the vectors towards zero; higher for fewer data.",
            "above": 0,
            "most": 1e6,
        },
    )
    iterations: int = field(
        default=15, metadata={"help": "Passes over the ratings in training.", "least": 1, "most": 10_000}
    )
    seed: int = field(
        default=42,
        metadata={
            "help": "Start of the random numbers; the same seed gives the same lists.",
            "least": 0,
            "most": 2**32 - 1,
        },
    )
    max_rejected: float = field(
        default=0.1,
        metadata={
            "help": "Largest share of the rows of a file that may be rejected.",
            "least": 0,
            "most": 1,
        },
    )
    force: bool = field(
        default=False, metadata={"help": "Publish also an input that was rolled back before."}
    )


# Where the input and the output lie, and `force`, say nothing about what the lists look like.
_NOT_OF_THE_RESULT = {"data", "output", "force"}


def by_name() -> dict[str, Field[Any]]:
    """Return the fields of `Settings` by name, in order."""
    return {each.name: each for each in fields(Settings)}


def result_settings(settings: Settings) -> dict[str, str]:
    """Return the settings that can change what is published, as text by name."""
    return {name: str(getattr(settings, name)) for name in by_name() if name not in _NOT_OF_THE_RESULT}
