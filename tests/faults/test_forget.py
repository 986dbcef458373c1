"""Whenever `forget` is killed, the user is in all generations or in none, and a repetition goes on."""

import signal
import time
from collections.abc import Callable
from itertools import count, islice, product

import duckdb

from batch.data.exclusions import read_exclusions
from batch.generation.verify import verify
from tests.commands import start_batch
from tests.faults.conftest import Recorded
from tests.faults.night import Night

ROUNDS, ROUNDS_OF_LONG = 1, 10

# What is there first when it is killed: from the beginning to the commit, which is the link.
MOMENTS: dict[str, Callable[[Night, str | None], bool]] = {
    "the work folder": lambda night, _: night.output.work.exists(),
    "a draft": lambda night, _: any(night.output.work.glob("2*.duckdb")),
    "all drafts": lambda night, _: len([*night.output.work.glob("2*.duckdb")]) > 1,
    "the journal": lambda night, _: (night.output.work / "replacing").exists(),
    "the new link": lambda night, published: night.output.current() != published,
}


def _has_user(night: Night, user_id: str) -> list[bool]:
    """Return whether each generation has the user, oldest first, and assert that each is whole."""
    found = []
    for generation in night.output.generations():
        file = night.output.file(generation)
        assert verify(file, users=10).violations == []
        with duckdb.connect(str(file), read_only=True) as connection:
            found.append(bool(connection.execute("from users where user_id = ?", [user_id]).fetchall()))
    return found


def test_a_user_is_forgotten_everywhere_or_nowhere(
    night: Night, recorded: Recorded, *, is_long: bool
) -> None:
    rounds = range(ROUNDS_OF_LONG if is_long else ROUNDS)
    moments = (moment for _, moment in product(rounds, MOMENTS.values()))
    users = map(str, islice(count(1), 180))
    is_killed = []
    for moment, user in zip(moments, users, strict=False):
        generations, published = night.output.generations(), night.output.current()
        forgetting = start_batch("forget", user, "--output", night.folder)
        while not moment(night, published) and forgetting.poll() is None:
            time.sleep(0.0005)
        forgetting.kill()
        forgetting.communicate()
        has_user = _has_user(night, user)
        assert has_user in ([True, True], [False, False])
        assert (night.output.generations() == generations) == has_user[0]
        assert (night.output.current() == published) == has_user[0]
        assert night.command("forget", user).returncode == 0
        assert read_exclusions(night.folder).is_forgotten(user)
        night.has_nothing_else("forgotten.json", "forgotten.key")
        is_killed.append(forgetting.returncode == -signal.SIGKILL)
        if is_killed[-1]:
            recorded("rollback_killed", "forget USER", 1, int(has_user[0]), int(not has_user[0]))
    assert _has_user(night, "1") == [False, False]
    # The last moments may pass too fast for a kill; the first are long.
    assert sum(is_killed) > 2 * len(rounds)
