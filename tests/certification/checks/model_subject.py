"""Subjects made of a few files, for the checks that read model files."""

from pathlib import Path

from certification.pipeline import run_check
from certification.types import Check, CheckReport, Outcome, Subject, SubjectFile, Tools
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format


def subject_of(root: Path, files: dict[str, bytes], kind: Format = Format.MODEL_FOLDER) -> Subject:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    listed = tuple(SubjectFile(path, len(content)) for path, content in sorted(files.items()))
    return Subject("ns/m", "1", kind, "sha256:" + "0" * 64, root, Descriptor(kind), listed)


def report_on(
    check: Check, root: Path, files: dict[str, bytes], kind: Format = Format.MODEL_FOLDER
) -> CheckReport:
    return run_check(check, subject_of(root, files, kind), Tools())


def rules(report: CheckReport) -> set[tuple[str, str]]:
    return {(f.rule.partition(".")[2], f.level.value) for f in report.result.findings}


__all__ = ["Outcome", "report_on", "rules", "subject_of"]
