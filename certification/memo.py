"""What was said of a file's bytes, under a key that any change of the judgement changes (pure)."""

import hashlib
import json
from typing import Any

import rfc8785

from certification.reports import result_dict, result_from
from certification.types import Check, Result, SubjectFile

#: A longer answer is cheaper to find again than to keep.
MAX_ANSWER_BYTES = 256 * 1024


def key_of(check: Check, file: SubjectFile) -> str:
    """Hexadecimal sha256 over the check, its version and rules, and the file's path and bytes."""
    parts = [
        check.id,
        check.version,
        sorted((pack.name, pack.digest) for pack in check.packs),
        file.path,
        file.sha256,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def kept(result: Result) -> dict[str, Any] | None:
    """The answer as JSON values; None when it is not one to keep: unfinished, or too long."""
    if result.incomplete:
        return None
    answer = result_dict(result)
    return answer if len(rfc8785.dumps(answer)) <= MAX_ANSWER_BYTES else None


def restored(answer: dict[str, Any]) -> Result:
    """The Result that was kept."""
    return result_from(answer)
