"""What the service must answer, as SQL on the file says."""

from pathlib import Path
from typing import Any

import duckdb


def expected(file: Path) -> dict[str, Any]:
    """Return what each request must get from a generation, by path."""
    with duckdb.connect(str(file), read_only=True) as connection:
        lists = connection.execute(
            "select user_id, list({'id': item_id, 'title': title, 'genres': genres} order by rank) "
            "from recommendations join items using (item_id) group by user_id "
            "union all "
            "select 'nobody', list({'id': item_id, 'title': title, 'genres': genres} order by rank) "
            "from popular join items using (item_id)"
        ).fetchall()
        histories = connection.execute(
            "select user_id, list(item_id order by position) from histories group by user_id"
        ).fetchall()
    return {
        **{
            f"/recommendations?user_id={user}&limit=5": {"items": [{"id": item["id"]} for item in items[:5]]}
            for user, items in lists
        },
        **{
            f"/recommendations?user_id={user}&limit=5&returnMetadata=true": {"items": items[:5]}
            for user, items in lists
        },
        **{
            f"/features?user_id={user}&limit=50": {"features": [{"histories": items}]}
            for user, items in histories
        },
        "/features?user_id=nobody&limit=50": {"features": [{"histories": []}]},
    }
