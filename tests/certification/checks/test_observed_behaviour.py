"""What was observed against what was declared, and against what nothing may do."""

from dataclasses import replace
from pathlib import Path

import pytest

from certification.checks.observed_behaviour import CHECK
from certification.pipeline import run_check
from certification.ports import (
    Connection,
    Event,
    Execution,
    FileAccess,
    NameLookup,
    Observation,
    ObservedCall,
    PrivilegeAttempt,
    RunRequest,
    SandboxUnavailableError,
)
from certification.types import CheckReport, Outcome, Tools
from registry.domain.descriptor import Descriptor, EntryPoint, Permissions
from registry.domain.identifiers import Format
from tests.certification.checks.model_subject import rules, subject_of

START = Execution(1, "/usr/bin/python3.11", ("python3.11", "/artifact/a.py"))
SEEN = Observation("test", 0, "{}", "", 1.0, events=(START,))
PYTHON = EntryPoint("python", ("python", "a.py"))
NETWORK = NameLookup(1, "api.example")


class Room:
    def __init__(self, seen: Observation) -> None:
        self.seen = seen

    def run(self, request: RunRequest) -> Observation:
        return self.seen


class Closed:
    def run(self, request: RunRequest) -> Observation:
        raise SandboxUnavailableError("no namespaces here")


def judged(
    folder: Path, *events: Event, kind: Format = Format.PYTHON_AGENT, permissions=None, **more
) -> CheckReport:
    subject = subject_of(folder, {"a.py": b"", "a.onnx": b""}, kind)
    declared = Descriptor(
        kind,
        entry_point=PYTHON,
        permissions=permissions or Permissions(),
        permissions_declared=permissions is not None,
    )
    seen = replace(SEEN, events=(START, *events), **more)
    return run_check(CHECK, replace(subject, declared=declared), Tools(sandbox=Room(seen)))


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (FileAccess(1, "/home/agent/.aws/credentials", "read"), ("credential-read", "error")),
        (FileAccess(1, "/home/agent/.bashrc", "write"), ("persistence", "error")),
        (FileAccess(1, "/dev/mem", "read"), ("host-probe", "error")),
        (FileAccess(1, "/proc/sys/kernel/core_pattern", "write"), ("host-change", "error")),
        (FileAccess(1, "/usr/x", "write"), ("host-change", "error")),
        (FileAccess(1, "/opt/x", "write"), ("write-outside", "warning")),
        (PrivilegeAttempt(1, "ptrace"), ("privilege-attempt", "error")),
        (PrivilegeAttempt(1, "io_uring_setup"), ("unusual-call", "note")),
        (Connection(1, "connect", "inet", "169.254.169.254", 80), ("metadata-service", "error")),
        (Execution(2, "/usr/bin/curl", ("curl", "x")), ("download-tool", "warning")),
        (NameLookup(1, "<canary:aws>.example"), ("canary-leaked", "error")),
    ],
)
def test_what_nothing_may_do(tmp_path: Path, event: Event, found: tuple[str, str]) -> None:
    assert found in rules(judged(tmp_path, event))


def test_secrets_of_the_environment_in_an_answer_are_for_a_person(tmp_path: Path) -> None:
    calls = (ObservedCall("get-env", {}, False, "<canary:env-aws>"),)
    report = judged(tmp_path, calls=calls)
    assert rules(report) == {("environment-shown", "warning")}
    calls = (ObservedCall("get-env", {}, False, "<canary:aws>"),)
    assert rules(judged(tmp_path, calls=calls)) == {("canary-leaked", "error")}


@pytest.mark.parametrize(
    ("permissions", "event", "found"),
    [
        (None, NETWORK, {("undeclared-network", "warning")}),
        (Permissions(), NETWORK, {("undeclared-network", "error")}),
        (Permissions(network=("api.example",)), NETWORK, set()),
        (Permissions(network=("*.example",)), NETWORK, set()),
        (None, Execution(2, "/usr/bin/git", ("git", "log")), {("undeclared-execute", "warning")}),
        (Permissions(execute=("git",)), Execution(2, "/usr/bin/git", ("git", "log")), set()),
        (None, Execution(2, "/usr/bin/python3.11", ("python3.11", "b.py")), set()),
        (Permissions(), FileAccess(1, "/tmp/x", "write"), set()),
        (Permissions(), FileAccess(1, "/workspace", "make"), set()),
        (Permissions(), FileAccess(1, "/artifact/x", "write"), {("undeclared-write", "error")}),
        (None, FileAccess(1, "/artifact/x", "write"), {("undeclared-write", "note")}),
        (Permissions(network=("a.example",)), START, {("unused-permission", "note")}),
        (Permissions(environment=("HOME",)), START, set()),
    ],
)
def test_declared_against_observed(tmp_path: Path, permissions, event, found) -> None:
    if event is START:
        assert rules(judged(tmp_path, permissions=permissions)) == found
    else:
        assert rules(judged(tmp_path, event, permissions=permissions)) == found


def test_many_places_are_named_and_counted(tmp_path: Path) -> None:
    events = [FileAccess(1, f"/dev/sd{letter}", "read") for letter in "abcdefg"]
    report = judged(tmp_path, *events)
    message = next(f.message for f in report.result.findings if "host-probe" in f.rule)
    assert "and 2 more" in message


def test_the_record_is_evidence_also_when_all_is_well(tmp_path: Path) -> None:
    report = judged(tmp_path)
    assert report.outcome is Outcome.PASSED
    found = {item.name: item.content for item in report.result.evidence}
    assert found["behaviour"]["contact"] == []
    assert found["observed"] == {"runs": ["python a.py"]}


def test_what_was_not_recorded_whole_needs_a_person(tmp_path: Path) -> None:
    report = judged(tmp_path, events_cut=True)
    assert report.outcome is Outcome.ERRORED


@pytest.mark.parametrize(
    ("kind", "runs"),
    [(Format.SKILL, ["a.py"]), (Format.ONNX, ["a.onnx"]), (Format.MCP_SERVER, ["server"])],
)
def test_every_kind_is_run_in_its_own_way(tmp_path: Path, kind: Format, runs: list[str]) -> None:
    found = {e.name: e.content for e in judged(tmp_path, kind=kind).result.evidence}
    assert found["observed"] == {"runs": runs}


def test_a_server_without_an_entry_point_is_not_run(tmp_path: Path) -> None:
    subject = subject_of(tmp_path, {}, Format.MCPB)
    report = run_check(CHECK, subject, Tools(sandbox=Room(SEEN)))
    assert {e.name: e.content for e in report.result.evidence}["observed"] == {"runs": []}


def test_without_a_room_there_is_no_answer(tmp_path: Path) -> None:
    subject = subject_of(tmp_path, {"a.py": b""}, Format.SKILL)
    assert run_check(CHECK, subject, Tools()).outcome is Outcome.ERRORED
    closed = run_check(CHECK, subject, Tools(sandbox=Closed()))
    assert closed.result.incomplete == "no namespaces here"


def test_not_applicable_and_corrupt(tmp_path: Path) -> None:
    subject = subject_of(tmp_path, {"a.pkl": b"corrupt"}, Format.PICKLE)
    assert run_check(CHECK, subject, Tools()).outcome is Outcome.NOT_APPLICABLE
