"""Whenever `forget` is killed, the user is in all generations or in none, and a repetition goes on."""

import random
import signal
import time
from itertools import count

import duckdb

from batch.data.exclusions import read_exclusions
from batch.generation.verify import verify
from tests.commands import start_batch
from tests.faults.conftest import Recorded
from tests.faults.night import Night

KILLS, KILLS_OF_LONG = 5, 50


def _holds(night: Night, user_id: str) -> list[bool]:
    """Return whether each generation has the user, oldest first, and assert that each is whole."""
    found = []
    for generation in night.output.generations():
        file = night.output.file(generation)
        assert verify(file, users=10).violations == []
        with duckdb.connect(str(file), read_only=True) as connection:
            query = "select count(*) > 0 from users where user_id = $user_id"
            found += [is_there for (is_there,) in connection.execute(query, {"user_id": user_id}).fetchall()]
    return found


def _seconds_of_forgetting(night: Night, user_id: str) -> float:
    began = time.monotonic()
    assert night.command("forget", user_id).returncode == 0
    return time.monotonic() - began


def test_a_user_is_forgotten_everywhere_or_nowhere(
    night: Night, recorded: Recorded, *, is_long: bool
) -> None:
    moments = random.Random(42)  # noqa: S311  moments, not secrets
    seconds = _seconds_of_forgetting(night, "1")
    records = {"forgotten.json", "forgotten.key"}
    left = KILLS_OF_LONG if is_long else KILLS
    for user in map(str, count(2)):
        generations, published = night.output.generations(), night.output.current()
        forgetting = start_batch("forget", user, "--output", night.folder)
        # Most of the time it reads and writes; what is done at once is done at the end.
        time.sleep(seconds * (1 - moments.random() ** 2 / 2))
        forgetting.kill()
        forgetting.communicate()
        holds = _holds(night, user)
        assert holds in ([True, True], [False, False])
        assert (night.output.generations() == generations) == holds[0]
        assert (night.output.current() == published) == holds[0]
        took = _seconds_of_forgetting(night, user)
        # Fewer users take less time, and so does a machine that does nothing else.
        seconds = took if holds[0] else seconds * 0.9
        assert _holds(night, user) == [False, False]
        assert read_exclusions(night.folder).is_forgotten(user)
        night.has_nothing_else(*records)
        if forgetting.returncode == -signal.SIGKILL:
            recorded("rollback_killed", "forget USER", 1, int(holds[0]), int(not holds[0]))
            left -= 1
        if not left:
            break
