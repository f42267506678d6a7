"""A subject over files written to a temporary folder."""

from pathlib import Path

from certification.intake import open_subject
from certification.pipeline import run_check
from certification.types import Check, CheckReport, Level, Tools


def checked(check: Check, folder: Path, files: dict[str, str | bytes]) -> CheckReport:
    """What the check says of a folder with these files."""
    root = folder / "subject"
    for name, content in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return checked_path(check, root)


def checked_path(check: Check, path: Path) -> CheckReport:
    """What the check says of a file or folder."""
    with open_subject(path, lenient=True) as subject:
        return run_check(check, subject, Tools())


def rules(report: CheckReport) -> dict[str, Level]:
    """Each rule that was broken, without the check's own name, and how gravely."""
    return {f.rule.partition(".")[2]: f.level for f in report.result.findings}
