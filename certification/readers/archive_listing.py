"""What an archive holds and what is wrong with it, common to zip and tar."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from certification.types import Level
from registry.domain.identifiers import InvalidIdentifierError, check_path


class ArchiveKind(StrEnum):
    ZIP = "zip"
    TAR = "tar"
    TAR_GZIP = "tar.gz"


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Budgets of one archive: members, bytes after unpacking, and how far it may inflate.

    The ratio counts only above `ratio_floor_bytes`, because tiny repetitive files are normal.
    """

    members: int = 20_000
    total_bytes: int = 4 * 1024**3
    ratio: int = 200
    ratio_floor_bytes: int = 16 * 1024**2
    directory_bytes: int = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an archive. An error makes it unsafe to unpack."""

    code: str
    level: Level
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file in an archive; `offset` is where its data (or its tar header) starts."""

    path: str
    size: int
    compressed: int = 0
    offset: int = 0
    method: int = 0
    crc: int = 0


@dataclass(slots=True)
class ArchiveListing:
    """Members that have a safe path, and every problem met; `safe` when nothing was fatal.

    `digests` are the hexadecimal sha256 of what was unpacked, by path; empty until then.
    """

    kind: ArchiveKind
    members: list[Member] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def safe(self) -> bool:
        """Whether it may be unpacked."""
        return all(problem.level is not Level.ERROR for problem in self.problems)

    def refuse(self, code: str, path: str, message: str) -> None:
        """Note a fatal problem."""
        self.problems.append(Problem(code, Level.ERROR, path[:200], message))

    def doubt(self, code: str, path: str, message: str) -> None:
        """Note a problem a person should look at."""
        self.problems.append(Problem(code, Level.WARNING, path[:200], message))


class DamagedArchiveError(Exception):
    """The bytes of an archive or of one member are not what its headers say."""


def safe_path(listing: ArchiveListing, name: str) -> str | None:
    """The normalised path of a member, or None with the problem noted."""
    try:
        return check_path(name)
    except InvalidIdentifierError as fault:
        escapes = name.startswith("/") or ".." in name.replace("\\", "/").split("/")
        listing.refuse("escape" if escapes else "path", name, str(fault))
        return None


def refuse_collisions(listing: ArchiveListing, folders: Iterable[str] = ()) -> None:
    """Note members that would overwrite each other on some file system."""
    seen: dict[str, str] = {}
    parents = {folder.casefold() for folder in folders}
    for member in listing.members:
        folded = member.path.casefold()
        other = seen.get(folded)
        if other == member.path:
            listing.refuse("duplicate", member.path, f"“{member.path}” is there more than once.")
        elif other is not None:
            listing.refuse(
                "collision",
                member.path,
                f"“{member.path}” and “{other}” are the same file where case does not count.",
            )
        seen[folded] = member.path
        steps = folded.split("/")
        parents.update("/".join(steps[:depth]) for depth in range(1, len(steps)))
    for folded in sorted(seen.keys() & parents):
        listing.refuse("collision", seen[folded], f"“{seen[folded]}” is both a file and a folder.")


def refuse_bombs(listing: ArchiveListing, size: int, limits: ArchiveLimits) -> None:
    """Note an archive of `size` bytes that would inflate beyond the limits."""
    total = sum(member.size for member in listing.members)
    if total > limits.total_bytes:
        listing.refuse(
            "bomb", "", f"It unpacks to {total} bytes; {limits.total_bytes} are the most allowed."
        )
    elif total > limits.ratio_floor_bytes and total > limits.ratio * max(size, 1):
        listing.refuse(
            "bomb",
            "",
            f"It inflates from {size} to {total} bytes, more than {limits.ratio} to one.",
        )
