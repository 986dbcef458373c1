"""Understand (stub of the integrator, until the real one is merged)."""

import csv, gzip, io
from dataclasses import dataclass
from pathlib import Path
import duckdb
from batch.data.input_spec import InputSpec
from batch.errors import InputError


@dataclass(frozen=True)
class Understanding:
    spec: InputSpec | None
    findings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def _header(p):
    if p.suffix == ".parquet":
        return duckdb.connect().read_parquet(str(p)).columns
    raw = gzip.open(p).read() if p.suffix == ".gz" else p.read_bytes()
    for line in raw.decode("utf-8-sig", "replace").splitlines():
        if line.strip():
            return [x.strip() for x in next(csv.reader([line]))]
    raise InputError(f"{p.name}: is empty")


def understand(paths):
    folder = paths[0]

    def find(name):
        found = sorted(
            e
            for e in folder.iterdir()
            if e.name.lower() in (name + ".csv", name + ".csv.gz", name + ".parquet")
        )
        if len(found) > 1:
            raise InputError(
                f"{folder}: holds {' and '.join(f.name for f in found)}; keep the one that is meant, and move the other away"
            )
        return found[0] if found else None

    r, m, u, h = map(find, ("ratings", "movies", "users", "hidden"))
    if not r:
        raise InputError(f"{folder}: has no ratings.csv")
    if not m:
        raise InputError(f"{folder}: has no movies.csv")
    head = [c.lower() for c in _header(r)]
    spec = {"interactions": {"file": r.name, "user": "userId", "item": "movieId"}}
    if "rating" in head:
        spec["value"] = {"column": "rating"}
    if "timestamp" in head:
        spec["time"] = {"column": "timestamp"}
    spec["items"] = {"file": m.name, "id": "movieId", "title": "title", "genres": "genres"}
    if u:
        names = {c.lower() for c in _header(u)}
        spec["users"] = {
            "file": u.name,
            "id": "userId",
            "attributes": [x for x in ("gender", "age", "occupation") if x in names],
        }
    if h:
        spec["hidden"] = {"file": h.name, "id": "movieId"}
    return Understanding(InputSpec.model_validate(spec))
