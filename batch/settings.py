"""Every setting of the job: its name, its default, and one sentence on what it does.

The command line, the environment variables, the `settings` of a published generation and
`docs/configuration.md` are made from this list.
"""

from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Settings:
    """The settings of one run; made once by the command line, and passed down.

    Beside its help, the metadata of a setting are its limits, `least` and `most`, or its `choices`, and
    whether it is `of_model`, an option of training.
    """

    data: Path = field(default=Path("data"), metadata={"help": "Folder with the ratings and movies to read."})
    output: Path = field(
        default=Path("output"), metadata={"help": "Folder in which generations are published."}
    )
    top_n: int = field(
        default=100, metadata={"help": "Number of movies in a stored list.", "least": 1, "most": 10_000}
    )
    similar_n: int = field(
        default=50,
        metadata={"help": "Number of movies in a stored list of similar movies.", "least": 1, "most": 10_000},
    )
    factors: int = field(
        default=64,
        metadata={
            "of_model": True,
            "help": "Number of collaborative factors.",
            "least": 1,
            "most": 4_096,
        },
    )
    alpha: float = field(
        default=20.0,
        metadata={
            "of_model": True,
            "help": "Confidence in a positive; an unrated movie has confidence 1.",
            "least": 0.001,
            "most": 10_000,
        },
    )
    regularization: float = field(
        default=12.0,
        metadata={
            "of_model": True,
            "help": "Regularization of the collaborative factors; higher for less data.",
            "least": 0.01,
            "most": 1e6,
        },
    )
    iterations: int = field(
        default=12,
        metadata={
            "of_model": True,
            "help": "Iterations of ALS.",
            "least": 1,
            "most": 10_000,
        },
    )
    item_half_life: float = field(
        default=60.0,
        metadata={
            "of_model": True,
            "help": "In movie vectors, a rating loses half its weight with every so many newer ones.",
            "least": 0.01,
            "most": 1e6,
        },
    )
    taste_half_life: float = field(
        default=4.0,
        metadata={
            "of_model": True,
            "help": "In user vectors, a rating loses half its weight with every so many newer ones.",
            "least": 0.01,
            "most": 1e6,
        },
    )
    next_factors: int = field(
        default=256,
        metadata={
            "of_model": True,
            "help": "Number of sequential factors.",
            "least": 1,
            "most": 4_096,
        },
    )
    next_half_life: float = field(
        default=2.0,
        metadata={
            "of_model": True,
            "help": "In the sequential part, a rating loses half its weight with every so many newer ones.",
            "least": 0.01,
            "most": 100,
        },
    )
    next_regularization: float = field(
        default=120.0,
        metadata={
            "of_model": True,
            "help": "Regularization of the sequential part.",
            "least": 0.01,
            "most": 1e9,
        },
    )
    next_weight: float = field(
        default=0.5,
        metadata={
            "of_model": True,
            "help": "Weight of the sequential part for a user who was active a moment ago; the collaborative "
            "part has weight 1.",
            "least": 0,
            "most": 1e6,
        },
    )
    trend_half_life: float = field(
        default=0.03,
        metadata={
            "of_model": True,
            "help": "In the popularity trend, a rating has half its weight once this share of all is newer.",
            "least": 0.0001,
            "most": 1e6,
        },
    )
    trend_weight: float = field(
        default=2.0,
        metadata={
            "of_model": True,
            "help": "Weight of the popularity trend for a user who was inactive for long; the collaborative "
            "part has weight 1.",
            "least": 0,
            "most": 1e6,
        },
    )
    gap_half_life: float = field(
        default=0.5,
        metadata={
            "of_model": True,
            "help": "Days inactive after which the sequential part and the popularity trend each have half "
            "of their full weight.",
            "least": 0.001,
            "most": 1e6,
        },
    )
    seed: int = field(
        default=42,
        metadata={
            "of_model": True,
            "help": "Seed of the random numbers; the same seed gives the same lists.",
            "least": 0,
            "most": 2**32 - 1,
        },
    )
    engine: str = field(
        default="local",
        metadata={
            "help": "Where to compute: on this machine, or on an Apache Spark cluster.",
            "choices": ("local", "spark"),
        },
    )
    master: str = field(
        default="local[*]",
        metadata={"help": "Master URL of that cluster, such as spark://HOST:PORT, yarn or local[4]."},
    )
    max_rejected: float = field(
        default=0.1,
        metadata={
            "help": "Largest share of the rows of a file that may be rejected.",
            "least": 0,
            "most": 1,
        },
    )
    max_fall: float = field(
        default=0.3,
        metadata={
            "help": "Largest fall of quality, coverage or users, as a share of the best kept generation.",
            "least": 0,
            "most": 1,
        },
    )
    memory_gb: float = field(
        default=3.0,
        metadata={
            "help": "Memory for reading and writing, in GB; larger data goes to disk.",
            "least": 0.25,
            "most": 10_000,
        },
    )
    report: bool = field(
        default=False,
        metadata={"help": "Also write the report, an HTML page with plots, to the output folder."},
    )
    rebuild: bool = field(
        default=False, metadata={"help": "Make a new generation even if nothing has changed."}
    )
    accept_regression: bool = field(
        default=False,
        metadata={"help": "Publish even if the quality gate refuses; the file records its reasons."},
    )
    accept_rolled_back: bool = field(
        default=False, metadata={"help": "Publish even what was rolled back before."}
    )


# Where the input and the output lie, how it is made and whether it is published say nothing about the lists.
_NOT_OF_THE_RESULT = {
    *("data", "output", "master", "memory_gb", "report"),
    *("rebuild", "accept_regression", "accept_rolled_back"),
}

# What training takes, and nothing else.
MODEL_SETTINGS = tuple(each.name for each in fields(Settings) if each.metadata.get("of_model"))


def by_name() -> dict[str, Field[Any]]:
    """Return the fields of `Settings` by name, in order."""
    return {each.name: each for each in fields(Settings)}


def result_settings(settings: Settings) -> dict[str, str]:
    """Return the settings that can change what is published, as text by name."""
    return {name: str(getattr(settings, name)) for name in by_name() if name not in _NOT_OF_THE_RESULT}
