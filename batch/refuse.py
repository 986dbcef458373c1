"""Refuse: what is not published is written down, where an operator finds it."""

import json
import math
from datetime import UTC, datetime

from batch.errors import RefusedError
from batch.output import Output
from batch.publish import Provenance
from batch.quality.holdout import Metrics
from batch.settings import result_settings


def refuse(output: Output, provenance: Provenance, metrics: Metrics, faults: list[str]) -> RefusedError:
    """Keep metrics and settings of what is refused, and return the error that says so in one line."""
    now = datetime.now(UTC)
    file = output.keep_refused(
        output.new_id(provenance.fingerprint, now),
        json.dumps(
            {
                "refused_at": now.isoformat(timespec="seconds"),
                "faults": faults,
                "fingerprint": provenance.fingerprint,
                "users": provenance.counts.users,
                "settings": result_settings(provenance.settings),
                "metrics": [
                    {"metric": metric, "model": model, "value": value if math.isfinite(value) else None}
                    for (metric, model), value in metrics.items()
                ],
            },
            indent=2,
            ensure_ascii=False,
        ),
    )
    return RefusedError(
        f"not published: {'; '.join(faults)}; what was measured is in {file}; "
        "look for the cause in the input, or publish it all the same by --force"
    )
