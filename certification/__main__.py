"""`python -m certification scan PATH...`: the pure checks on local paths, without a database."""

import argparse
import json
import sys
from pathlib import Path

from certification import guide, policy, reports, sarif
from certification.checks import ALL
from certification.intake import open_subject
from certification.pipeline import report_on
from certification.types import Decision, Report, Stage, Tools, Verdict

_CHECKS = tuple(check for check in ALL if check.stage is Stage.SCAN)
_UNREADABLE = "The path cannot be read"


def main(arguments: list[str]) -> int:
    """Print one JSON object a line for each path; 0 when all approve, 1 otherwise, 2 for misuse."""
    parser = argparse.ArgumentParser(prog="python -m certification")
    commands = parser.add_subparsers(required=True, dest="command")
    docs = commands.add_parser("docs", help="write checks.md and threats.md from the checks")
    docs.add_argument("folder", nargs="?", type=Path, default=Path("docs"))
    scan = commands.add_parser("scan", help="judge files or folders")
    scan.add_argument("paths", nargs="+", metavar="PATH", type=Path)
    scan.add_argument("--format", choices=("json", "sarif"), default="json")
    options = parser.parse_args(arguments)
    if options.command == "docs":
        return _write_docs(options.folder)
    missing = [path for path in options.paths if not path.exists()]
    if missing:
        parser.exit(2, f"python -m certification: {missing[0]} does not exist.\n")
    approved = True
    for path in options.paths:
        report, verdict = scanned(path)
        shape = sarif.to_sarif if options.format == "sarif" else reports.to_json
        document = shape(report, verdict, path=str(path))
        sys.stdout.write(json.dumps(document, ensure_ascii=True) + "\n")
        sys.stdout.flush()
        approved = approved and verdict.decision is Decision.APPROVE
    return 0 if approved else 1


def _write_docs(folder: Path) -> int:
    (folder / "checks.md").write_text(guide.checks_page(ALL), encoding="utf-8")
    (folder / "threats.md").write_text(guide.threats_page(ALL), encoding="utf-8")
    return 0


def scanned(path: Path) -> tuple[Report, Verdict]:
    """The report on one local path and the verdict; what cannot be read is for a person."""
    try:
        with open_subject(path, lenient=True) as subject:
            report = report_on(subject, _CHECKS, Tools())
    except OSError as fault:
        reason = f"{_UNREADABLE}: {fault.strerror}."
        return Report("", ()), Verdict(Decision.REVIEW, (reason,), policy.POLICY)
    return report, policy.judge(report)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
