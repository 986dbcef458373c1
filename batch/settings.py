"""Every setting of the job: its name, its default, one sentence on what it does, and its limits.

The command line, the environment variables, the `settings` of a published generation and
`docs/configuration.md` are made from this list.
"""

from dataclasses import Field, dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any


def setting(  # noqa: PLR0913 (what is said of a setting)
    default: object,
    text: str,
    least: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] = (),
    *,
    of_model: bool = False,
) -> Any:
    """Return a field of `Settings`: its default, its help, the limits of a number or the choices of a word.

    `of_model` marks an option of training.
    """
    about = {"help": text, "least": least, "most": most, "choices": choices, "of_model": of_model}
    return field(default=default, metadata=about)


of_model = partial(setting, of_model=True)


@dataclass(frozen=True)
class Settings:
    """The settings of one run; made once by the command line, and passed down."""

    data: Path = setting(Path("data"), "Folder with the ratings and movies to read.")
    output: Path = setting(Path("output"), "Folder in which generations are published.")
    top_n: int = setting(100, "Number of movies in a stored list.", 1, 10_000)
    similar_n: int = setting(50, "Number of movies in a stored list of similar movies.", 1, 10_000)
    new_share: float = setting(
        0.2,
        "Largest share of the places after the tenth for new movies, which have no rating yet; 0 for none.",
        0,
        1,
    )
    factors: int = of_model(64, "Number of collaborative factors.", 1, 4_096)
    alpha: float = of_model(
        20.0, "Confidence in a positive; an unrated movie has confidence 1.", 0.001, 10_000
    )
    regularization: float = of_model(
        12.0, "Regularization of the collaborative factors; higher for less data.", 0.01, 1e6
    )
    iterations: int = of_model(8, "Iterations of ALS.", 1, 10_000)
    item_half_life: float = of_model(
        60.0,
        "Number of newer ratings by the same user that halves the weight of a rating in movie vectors.",
        0.01,
        1e6,
    )
    taste_half_life: float = of_model(
        4.0,
        "Number of newer ratings by the same user that halves the weight of a rating in user vectors.",
        0.01,
        1e6,
    )
    next_factors: int = of_model(256, "Number of sequential factors.", 1, 4_096)
    next_half_life: float = of_model(
        2.0,
        "Number of newer ratings by the same user that halves the weight of a rating in the sequential part.",
        0.01,
        100,
    )
    next_regularization: float = of_model(120.0, "Regularization of the sequential part.", 0.01, 1e9)
    next_weight: float = of_model(
        0.5,
        "Weight of the sequential part for a user active a moment ago; the collaborative part has 1.",
        0,
        1e6,
    )
    trend_half_life: float = of_model(
        0.03,
        "In the popularity trend, a rating has half its weight once this share of all ratings is newer.",
        0.0001,
        1e6,
    )
    trend_weight: float = of_model(
        2.0,
        "Weight of the popularity trend for a user inactive for long.",
        0,
        1e6,
    )
    personal_trend_factors: int = of_model(64, "Number of factors of the personal trend.", 1, 4_096)
    personal_trend_weight: float = of_model(
        2.0, "Weight of the personal trend for a user inactive for long.", 0, 1e6
    )
    genre_weight: float = of_model(
        1.5,
        "Weight of the genres for a user inactive for long; a third of it for one active a moment ago.",
        0,
        1e6,
    )
    personal: float = of_model(
        1.0,
        "How personal lists are: the weights of personal trend and genres are multiplied by it. 0: everybody "
        "who was away gets what is popular now; above 1 lists are less alike, and less often right.",
        0,
        1e6,
    )
    gap_half_life: float = of_model(
        0.5,
        "Days of inactivity after which the weights of the collaborative and the sequential part fall to "
        "half, and those of the personal and the popularity trend rise to half.",
        0.001,
        1e6,
    )
    seed: int = of_model(
        42,
        "Seed of the random numbers. With the same data and settings, the same seed gives the same lists.",
        0,
        2**32 - 1,
    )
    engine: str = setting(
        "local",
        "Where to compute: on this machine, or on an Apache Spark cluster.",
        choices=("local", "spark"),
    )
    master: str = setting(
        "local[*]", "Master URL of that cluster, such as spark://HOST:PORT, yarn or local[4]."
    )
    max_rejected: float = setting(0.1, "Largest share of the rows of a file that may be rejected.", 0, 1)
    max_fall: float = setting(
        0.3, "Largest fall of quality, coverage or users, as a share of the best kept generation.", 0, 1
    )
    memory_gb: float = setting(
        2.4, "Memory for reading and writing, in GB; larger data goes to disk.", 0.25, 10_000
    )
    report: bool = setting(False, "Also write the report, an HTML page with plots, to the output folder.")
    rebuild: bool = setting(False, "Make a new generation even if nothing has changed.")
    accept_regression: bool = setting(
        False, "Publish even if the quality gate refuses; the file records its reasons."
    )
    accept_rolled_back: bool = setting(False, "Publish even what was rolled back before.")


# Where the input and the output lie, how it is made and whether it is published say nothing about the lists.
_NOT_OF_THE_RESULT = {
    *("data", "output", "master", "memory_gb", "report"),
    *("rebuild", "accept_regression", "accept_rolled_back"),
}

# What training takes, and nothing else.
MODEL_SETTINGS = tuple(each.name for each in fields(Settings) if each.metadata["of_model"])


def by_name() -> dict[str, Field[Any]]:
    """Return the fields of `Settings` by name, in order."""
    return {each.name: each for each in fields(Settings)}


def result_settings(settings: Settings) -> dict[str, str]:
    """Return the settings that can change what is published, as text by name."""
    return {name: str(getattr(settings, name)) for name in by_name() if name not in _NOT_OF_THE_RESULT}
