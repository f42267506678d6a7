"""Digests of tool definitions, and what changed between two versions (rug pulls)."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum


class Change(StrEnum):
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


def digest_of_definition(definition: Mapping[str, object]) -> str:
    """sha256:<hex> over the definition as JSON with sorted keys and no spaces."""
    canonical = json.dumps(definition, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[tuple[Change, str]]:
    """What happened to each tool, by name; the values are digests."""
    for name in sorted(before.keys() | now.keys()):
        if name not in before:
            yield Change.ADDED, name
        elif name not in now:
            yield Change.REMOVED, name
        elif before[name] != now[name]:
            yield Change.CHANGED, name
