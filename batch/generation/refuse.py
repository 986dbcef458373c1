"""Refuse: what is not published is written down, where an operator finds it."""

import json
import math
from datetime import UTC, datetime

from batch.errors import RefusedError
from batch.evaluation.holdout import Metrics
from batch.generation.check import Checked
from batch.generation.publish import Provenance
from batch.generation.store import Output
from batch.settings import result_settings


def refuse(output: Output, provenance: Provenance, metrics: Metrics, checked: Checked) -> RefusedError:
    """Keep metrics and settings of what is refused, and return the error that says so in one line."""
    now = datetime.now(UTC)
    file = output.keep_refused(
        output.new_id(provenance.fingerprint, now),
        json.dumps(
            {
                "refused_at": now.isoformat(timespec="seconds"),
                "faults": checked.all,
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
    remedy = (
        "this is a bug, and no option publishes it: please report it"
        if checked.violations
        else "look for the cause in the input, or run again with --accept-regression to publish anyway"
    )
    return RefusedError(f"not published: {'; '.join(checked.all)}; measurements: {file}; {remedy}")
