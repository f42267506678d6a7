"""Runs checks. Holds the only catch-all in the program: a check that crashes is `errored`."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from certification import memo
from certification.ports import Memo
from certification.types import (
    Check,
    CheckReport,
    EachFile,
    Evidence,
    Level,
    Location,
    Outcome,
    Report,
    Result,
    Subject,
    SubjectFile,
    Tools,
)

logger = logging.getLogger(__name__)

#: One check may not bury a report: more findings than this are cut, and the cut is said.
MAX_FINDINGS = 500
#: Evidence and reasons of a check that judges file by file; the findings come first.
MAX_EVIDENCE_FILES = 1_000
MAX_REASONS = 20


def run_check(check: Check, subject: Subject, tools: Tools) -> CheckReport:
    """What `check` says of `subject`; raises nothing but what the memo raises."""
    return next(run_checks((check,), subject, tools))


def run_checks(checks: Sequence[Check], subject: Subject, tools: Tools) -> Iterator[CheckReport]:
    """What each check says of `subject`, in turn; raises nothing but what the memo raises.

    The checks that judge file by file all see one file before any sees the next, so what a
    reader made of a file serves them all and need not be kept any longer.
    """
    by_file: dict[str, Result | None] | None = None
    for check in checks:
        if not isinstance(check.run, EachFile):
            result = _guarded(partial(_answer, check, check.run, subject, tools))
        else:
            by_file = by_file or _file_by_file(checks, subject, tools.memo)
            result = by_file[check.id]
        yield _reported(check, result)


def _answer(
    check: Check, run: Callable[[Subject, Tools], Result], subject: Subject, tools: Tools
) -> Result | None:
    return run(subject, tools) if check.applies_to(subject) else None


def _reported(check: Check, result: Result | None) -> CheckReport:
    if result is None:
        return CheckReport(check.id, check.version, Outcome.NOT_APPLICABLE)
    result = bounded(_with_rules(check, result))
    return CheckReport(check.id, check.version, outcome_of(result), result)


def _guarded(work: Callable[[], Result | None], place: str = "") -> Result | None:
    """The answer; a crash is the answer that there is none."""
    try:
        return work()
    except Exception as fault:
        logger.warning("a check errored", exc_info=True)
        reason = f"The check failed with {type(fault).__name__}: {str(fault)[:300]}"
        return Result(incomplete=place + reason)


@dataclass(slots=True)
class _FileWork:
    """A check that judges file by file, and its answers by path."""

    check: Check
    judge: Callable[[SubjectFile, Path], Result | None]
    memory: Memo | None
    answers: dict[str, Result] = field(default_factory=dict)
    fresh: list[SubjectFile] = field(default_factory=list)

    def recall(self, files: Iterable[SubjectFile]) -> None:
        """Take over what is known of these files."""
        if self.memory is None:
            return
        keys = {memo.key_of(self.check, file): file.path for file in files if file.sha256}
        for key, answer in self.memory.recall(list(keys)).items():
            self.answers[keys[key]] = memo.restored(answer)

    def see(self, file: SubjectFile, where: Path) -> None:
        """Judge a file unless the answer is known; a crash hides nothing in the other files."""
        if file.path in self.answers:
            return
        answer = _guarded(lambda: self.judge(file, where), f"{file.path[:160]}: ")
        if answer is None:
            return
        self.answers[file.path] = bounded(answer)
        if file.sha256:
            self.fresh.append(file)

    def remember(self) -> None:
        """Hand over what is new."""
        if self.memory is None:
            return
        kept = ((file, memo.kept(self.answers[file.path])) for file in self.fresh)
        self.memory.remember(
            {memo.key_of(self.check, file): answer for file, answer in kept if answer is not None}
        )


def _file_by_file(
    checks: Sequence[Check], subject: Subject, memory: Memo | None
) -> dict[str, Result | None]:
    """Results of the checks that judge file by file, by id."""
    results: dict[str, Result | None] = {}
    works: list[_FileWork] = []
    for check in checks:
        if isinstance(check.run, EachFile):
            results[check.id] = applies = _guarded(partial(_applies, check, subject))
            works += [_FileWork(check, check.run.judge, memory)] if applies == Result() else []
    for work in works:
        work.recall(subject.files)
    for file in subject.files:
        where = subject.path(file.path)
        for work in works:
            work.see(file, where)
    for work in works:
        work.remember()
        results[work.check.id] = merged(work.answers) if work.answers else None
    return results


def _applies(check: Check, subject: Subject) -> Result | None:
    return Result() if check.applies_to(subject) else None


def merged(answers: Mapping[str, Result]) -> Result:
    """The answers about single files, by path, as one; evidence of a name is a table by path."""
    evidence: dict[tuple[str, str], dict[str, object]] = {}
    for path, answer in sorted(answers.items()):
        for item in answer.evidence:
            table = evidence.setdefault((item.name, item.media_type), {})
            if len(table) < MAX_EVIDENCE_FILES:
                table[path] = item.content
    reasons = [answers[path].incomplete for path in sorted(answers) if answers[path].incomplete]
    if len(reasons) > MAX_REASONS:
        reasons[MAX_REASONS:] = [f"and {len(reasons) - MAX_REASONS} more files"]
    judged = Evidence("files", {"judged": len(answers)})
    return Result(
        tuple(finding for answer in answers.values() for finding in answer.findings),
        (*(Evidence(name, table, kind) for (name, kind), table in evidence.items()), judged),
        "; ".join(reasons),
    )


def _with_rules(check: Check, result: Result) -> Result:
    """With the rules it was judged by, so that a report says what would change it."""
    if not check.packs:
        return result
    packs = [
        {"name": pack.name, "version": pack.version, "digest": pack.digest} for pack in check.packs
    ]
    return replace(result, evidence=(*result.evidence, Evidence("rule-packs", packs)))


def give_up(check: Check) -> CheckReport:
    """The answer of a check that never gave one."""
    return CheckReport(
        check.id, check.version, Outcome.ERRORED, Result(incomplete="The check gave no answer.")
    )


def report_on(subject: Subject, checks: Sequence[Check], tools: Tools) -> Report:
    """Every given check on one subject."""
    return Report(subject.digest, tuple(run_checks(checks, subject, tools)))


def outcome_of(result: Result) -> Outcome:
    """Findings at warning or error level fail a check; an incomplete one is errored unless it
    already found an error."""
    levels = {finding.level for finding in result.findings}
    if Level.ERROR in levels:
        return Outcome.FAILED
    if result.incomplete:
        return Outcome.ERRORED
    return Outcome.FAILED if Level.WARNING in levels else Outcome.PASSED


def bounded(result: Result) -> Result:
    """The result in a stable order, gravest first, cut to MAX_FINDINGS."""
    order = {Level.ERROR: 0, Level.WARNING: 1, Level.NOTE: 2}
    findings = sorted(
        dict.fromkeys(result.findings),
        key=lambda f: (order[f.level], f.rule, _place(f.location), f.message),
    )
    dropped = len(findings) - MAX_FINDINGS
    incomplete = result.incomplete
    if dropped > 0 and not incomplete:
        incomplete = f"{dropped} further findings were cut."
    return Result(tuple(findings[:MAX_FINDINGS]), result.evidence, incomplete)


def _place(location: Location | None) -> tuple[str, int, int]:
    if location is None:
        return ("", 0, 0)
    return (location.path, location.line or 0, location.offset or 0)
