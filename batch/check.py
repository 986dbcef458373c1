"""Check: what the file promises is looked up in the file, before anyone can see it."""

import duckdb

from batch.errors import RefusedError
from sql import FOLDER, named, statement

INVARIANTS = tuple(sorted(file.stem for file in (FOLDER / "invariants").glob("*.sql")))


def check(connection: duckdb.DuckDBPyConnection, top_n: int) -> None:
    """Raise RefusedError if any statement of `sql/invariants/` finds a row in the attached `draft`.

    Each returns one row per violation.
    """
    for invariant in INVARIANTS:
        name = f"invariants/{invariant}"
        found = connection.execute(statement(name), named(name, {"top_n": top_n}))
        columns = [column[0] for column in found.description or ()]
        violation = found.fetchone()
        if violation is not None:
            more = sum(1 for _ in iter(found.fetchone, None))
            raise RefusedError(
                f"not published: '{invariant.replace('_', ' ')}' does not hold, in {1 + more:,} places, "
                f"for example {dict(zip(columns, violation, strict=True))}; this is a fault of the job: "
                "please report it, with the settings used"
            )
