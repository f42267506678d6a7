"""The rules of an upload: what may be announced, and how a file is cut into parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.domain.identifiers import InvalidIdentifierError, check_digest, check_path
from registry.domain.problems import Code, ProblemError

PART_BYTES = 16 * 1024 * 1024
MAX_FILES = 10_000
MAX_UPLOAD_BYTES = 50 * 1024**3


@dataclass(frozen=True, slots=True)
class Announced:
    """One file a publisher means to send: relative path, size in bytes, sha256:<hex>."""

    path: str
    size: int
    digest: str


def part_count(size: int) -> int:
    """How many parts a file of that size has; an empty file has none."""
    return -(-size // PART_BYTES)


def part_size(size: int, number: int) -> int:
    """Bytes in part `number` (from 1) of a file of that size; 0 when there is no such part."""
    if not 1 <= number <= part_count(size):
        return 0
    return min(PART_BYTES, size - (number - 1) * PART_BYTES)


def check_announcement(files: Sequence[Announced]) -> tuple[Announced, ...]:
    """The files with normalised paths; raises ProblemError naming the first fault."""
    if not files:
        raise ProblemError(Code.INVALID, "Announce at least one file.")
    if len(files) > MAX_FILES:
        raise ProblemError(
            Code.TOO_MANY_FILES, f"{len(files)} files; a version holds {MAX_FILES} at the most."
        )
    checked = tuple(_check_file(file) for file in files)
    if sum(file.size for file in checked) > MAX_UPLOAD_BYTES:
        raise ProblemError(Code.TOO_LARGE, "The files are larger than 50 GiB together.")
    _refuse_collisions(checked)
    return checked


def _check_file(file: Announced) -> Announced:
    if file.size < 0:
        raise ProblemError(Code.WRONG_SIZE, f"“{file.path[:120]}” has a negative size.")
    try:
        return Announced(check_path(file.path), file.size, check_digest(file.digest))
    except InvalidIdentifierError as fault:
        raise ProblemError(Code.INVALID_PATH, str(fault)) from fault


def _refuse_collisions(files: Sequence[Announced]) -> None:
    """No two paths equal on any file system, and none that is also a folder of another."""
    seen: set[str] = set()
    folders: set[str] = set()
    for file in files:
        folded = file.path.casefold()
        if folded in seen:
            raise ProblemError(Code.DUPLICATE_PATH, f"“{file.path}” is announced twice.")
        seen.add(folded)
        parts = folded.split("/")
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    for path in seen & folders:
        raise ProblemError(Code.DUPLICATE_PATH, f"“{path}” is both a file and a folder.")
