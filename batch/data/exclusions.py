"""Exclusions: who is forgotten and what is hidden by command, as the output folder remembers it.

output/
├── forgotten.json    hashes of the ids of users whose rows are excluded
├── forgotten.key     the key of these hashes, readable by its owner alone
└── hidden.json       ids of the movies that are hidden

The list of users must not tell who they are: ids are few and can be guessed, so hashes have a key (HMAC,
RFC 2104, with SHA-256).
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from batch.errors import BatchError

FORGOTTEN, KEY, HIDDEN = "forgotten.json", "forgotten.key", "hidden.json"
BYTES_OF_KEY = 32


@dataclass(frozen=True)
class Exclusions:
    """Who is forgotten, by hash, and which movies are hidden."""

    key: bytes = field(repr=False)  # empty before anybody is forgotten
    hashes: frozenset[str]
    hidden: frozenset[str]

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, in hexadecimal digits; empty where nobody and nothing is excluded."""
        if not self.hashes and not self.hidden:
            return ""
        return hashlib.sha256(json.dumps([sorted(self.hashes), sorted(self.hidden)]).encode()).hexdigest()

    def hash_of(self, user_id: str) -> str:
        """Return what stands for a user in the list."""
        return hmac.new(self.key, user_id.encode(), hashlib.sha256).hexdigest()

    def is_forgotten(self, user_id: str) -> bool:
        """Return whether rows of that user are excluded."""
        return bool(self.hashes) and self.hash_of(user_id) in self.hashes

    def with_forgotten(self, user_id: str) -> "Exclusions":
        """Return the same, with one user more; the first one makes the key."""
        keyed = Exclusions(self.key or secrets.token_bytes(BYTES_OF_KEY), self.hashes, self.hidden)
        return Exclusions(keyed.key, keyed.hashes | {keyed.hash_of(user_id)}, keyed.hidden)

    def with_hidden(self, hidden: frozenset[str]) -> "Exclusions":
        """Return the same, with these movies hidden and no others."""
        return Exclusions(self.key, self.hashes, hidden)


NO_EXCLUSIONS = Exclusions(b"", frozenset(), frozenset())


def read_exclusions(folder: Path) -> Exclusions:
    """Read what an output folder remembers. Raises BatchError if a file is damaged, or the key is missing."""
    hashes = _names(folder / FORGOTTEN)
    try:
        key = bytes.fromhex((folder / KEY).read_text(encoding="ascii"))
    except FileNotFoundError:
        key = b""
    except ValueError:
        key = b""
        hashes = hashes or frozenset({""})
    if hashes and len(key) != BYTES_OF_KEY:
        raise BatchError(
            f"{folder / KEY}: is missing or damaged, so the list of forgotten users can't be read; restore "
            f"the key, or delete it and {FORGOTTEN}, then run 'python -m batch forget ID --in-advance' for "
            "each of these users"
        )
    return Exclusions(key, hashes, _names(folder / HIDDEN))


def write_forgotten(exclusions: Exclusions, folder: Path) -> list[str]:
    """Write who is forgotten into a folder, from where it is published; return the names, in order."""
    key = folder / KEY
    key.touch(mode=0o600)
    key.write_text(exclusions.key.hex() + "\n", encoding="ascii")
    _write_names(folder / FORGOTTEN, exclusions.hashes)
    return [KEY, FORGOTTEN]


def write_hidden(exclusions: Exclusions, folder: Path) -> list[str]:
    """Write what is hidden into a folder, from where it is published; return the name."""
    _write_names(folder / HIDDEN, exclusions.hidden)
    return [HIDDEN]


def _names(file: Path) -> frozenset[str]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return frozenset()
    except ValueError as error:
        raise BatchError(
            f"{file}: is damaged; restore it, or delete it, then run 'python -m batch "
            f"{'forget' if file.name == FORGOTTEN else 'hide'} ID --in-advance' for each id that was in it"
        ) from error
    return frozenset(str(each) for each in found)


def _write_names(file: Path, names: frozenset[str]) -> None:
    file.write_text(json.dumps(sorted(names), indent=2) + "\n", encoding="utf-8")
