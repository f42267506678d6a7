"""Archives that escape, collide, lie about their members, or inflate without end."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from certification.readers.archive import DEFAULT_LIMITS, inspect, is_package_archive, unpack
from certification.readers.archive_listing import ArchiveListing, Problem
from certification.readers.tree import read_part, walk
from certification.types import (
    Check,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    Subject,
    Tools,
)

MAX_DEPTH = 3
MAX_ARCHIVES = 200
MAX_NESTED_BYTES = 1024**3
_SHOWN = 200
_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b")
_OPAQUE = {
    b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "RAR", b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard", b"MSCF": "cabinet",
}  # fmt: skip
_MODEL_PARTS = (".npz", ".keras", ".pt", ".pth", ".ckpt", ".jit", ".joblib", ".pkl", ".bin", ".gz")
_STANDARDS = {
    "escape": ("CWE-22",), "path": ("CWE-22",), "link": ("CWE-59",), "device": ("CWE-59",),
    "duplicate": ("CWE-436", "CWE-694"), "collision": ("CWE-178",), "disagreement": ("CWE-436",),
    "hidden": ("CWE-436",), "overlap": ("CWE-409",), "bomb": ("CWE-409",),
}  # fmt: skip
_FIX = {
    "escape": "Pack the files with paths relative to the package root.",
    "link": "Pack the file that the link points to.",
    "encrypted": "Pack without a password.",
    "duplicate": "Pack every file once.",
    "collision": "Give the files names that differ in more than case.",
}
_REPACK = "Pack the files again with a current tool."


@dataclass(slots=True)
class _Inquiry:
    """What is left of the budgets, and what was found so far."""

    bytes_left: int = MAX_NESTED_BYTES
    archives: list[dict[str, object]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def _run(subject: Subject, tools: Tools) -> Result:
    inquiry = _Inquiry()
    _, problems = walk(subject.root)
    inquiry.findings += [_finding(problem, "") for problem in problems]
    if subject.archive is not None:
        if listing := inspect(subject.archive):
            _note(listing, subject.archive.name, inquiry)
        if not subject.unpacked and not inquiry.findings:
            message = "The archive is damaged: a member is not what its header declares."
            damaged = Problem("corrupt", Level.ERROR, subject.archive.name, message)
            inquiry.findings.append(_finding(damaged, ""))
    _search(subject.root, "", 1, inquiry)
    evidence = Evidence("archives", inquiry.archives[:_SHOWN])
    return Result(tuple(inquiry.findings), (evidence,), "; ".join(inquiry.unread[:10]))


def _search(root: Path, around: str, depth: int, inquiry: _Inquiry) -> None:
    """Look into every archive below a folder."""
    for file in walk(root)[0]:
        name = f"{around}{file.path}"
        head = read_part(root / file.path, 8)
        opaque = next((kind for magic, kind in _OPAQUE.items() if head.startswith(magic)), None)
        if opaque is not None and not file.path.casefold().endswith(_MODEL_PARTS):
            message = f"“{name[:160]}” is a {opaque} archive, which is not looked into."
            inquiry.findings.append(_finding(Problem("opaque", Level.WARNING, name, message), ""))
        if head.startswith(_MAGICS) or file.path.casefold().endswith(".tar"):
            _open(root / file.path, name, depth, inquiry)


def _open(path: Path, name: str, depth: int, inquiry: _Inquiry) -> None:
    listing = inspect(path)
    if listing is None:
        return
    _note(listing, name, inquiry)
    if not listing.safe or not is_package_archive(path, path.name):
        return
    size = sum(member.size for member in listing.members)
    spent = size > inquiry.bytes_left or len(inquiry.archives) >= MAX_ARCHIVES
    if depth >= MAX_DEPTH or spent:
        inquiry.unread.append(f"“{name[:120]}” is nested too deeply or too large to be opened")
        return
    inquiry.bytes_left -= size
    with tempfile.TemporaryDirectory(prefix="assay-nested-") as folder:
        opened = unpack(path, Path(folder), DEFAULT_LIMITS)
        if opened is not None and not opened.safe:
            inquiry.findings += [_finding(problem, name) for problem in opened.problems]
            return
        _search(Path(folder), f"{name}!/", depth + 1, inquiry)


def _note(listing: ArchiveListing, name: str, inquiry: _Inquiry) -> None:
    inquiry.findings += [_finding(problem, name) for problem in listing.problems]
    inquiry.archives.append(
        {
            "path": name,
            "kind": listing.kind.value,
            "members": len(listing.members),
            "bytes": sum(member.size for member in listing.members),
            "contents": [member.path for member in listing.members[:_SHOWN]],
        }
    )


def _finding(problem: Problem, archive: str) -> Finding:
    inside = f" In {archive[:160]}." if archive else ""
    return Finding(
        rule=f"archive-safety.{problem.code}",
        level=problem.level,
        message=problem.message + inside,
        location=Location(archive or problem.path),
        fix=_FIX.get(problem.code, _REPACK),
        standards=_STANDARDS.get(problem.code, ("CWE-20",)),
    )


CHECK = Check(
    id="archive-safety",
    version=1,
    stage=Stage.SCAN,
    title="Archives unpack safely and hide nothing",
    why="An archive that unpacks differently for two programs, or outside its folder, hides "
    "what is installed.",
    remedy="Pack plain files under relative names, each once; no links, devices or nested tricks.",
    standards=("CWE-22", "CWE-59", "CWE-409", "CWE-436"),
    applies_to=lambda subject: True,
    run=_run,
)
