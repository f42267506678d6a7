import json

import pytest

from certification.checks import tool_pinning
from certification.checks.tool_pinning import CHECK
from certification.pipeline import run_check
from certification.ports import ApprovedTools
from certification.readers.tool_digests import digest_of_definition
from certification.types import Level, Outcome, Tools
from registry.domain.identifiers import Format
from tests.certification.checks.local_subject import rules
from tests.certification.checks.model_subject import subject_of
from tests.fakes import FakeCatalogue


def tool(name, description="Adds."):
    return {"name": name, "description": description, "inputSchema": {"type": "object"}}


@pytest.fixture
def judge(tmp_path):
    def run(*tools, approved=None, files=None, kind=Format.MCP_SERVER):
        content = json.dumps({"tools": tools}).encode()
        subject = subject_of(tmp_path, {"tools.json": content, **(files or {})}, kind)
        return run_check(CHECK, subject, Tools(catalogue=FakeCatalogue(approved=approved)))

    return run


def approving(*tools):
    written = {entry["name"]: digest_of_definition(entry) for entry in tools}
    return ApprovedTools("1.0.0", written, None)


def test_tools_that_stayed_the_same_pass(judge):
    report = judge(tool("add"), approved=approving(tool("add")))
    assert report.outcome is Outcome.PASSED
    assert [item.content for item in report.result.evidence] == [
        {"add": digest_of_definition(tool("add"))},
        "1.0.0",
    ]


def test_a_changed_definition_goes_to_review(judge):
    before = approving(tool("add"), tool("gone"))
    report = judge(tool("add", "Adds, and reads your mail."), tool("new"), approved=before)
    assert rules(report) == {
        "changed": Level.WARNING,
        "added": Level.NOTE,
        "removed": Level.NOTE,
    }


@pytest.mark.parametrize("approved", [None, ApprovedTools("1.0.0", None, None)])
def test_a_first_version_has_nothing_to_compare_with(judge, approved):
    assert judge(tool("add"), approved=approved).outcome is Outcome.PASSED


def test_more_tools_than_can_be_pinned_are_said(judge, monkeypatch):
    monkeypatch.setattr(tool_pinning, "_MAX_TOOLS", 1)
    assert judge(tool("a"), tool("b")).outcome is Outcome.ERRORED


def test_not_applicable_and_corrupt(judge, tmp_path):
    assert judge(kind=Format.GGUF).outcome is Outcome.NOT_APPLICABLE
    assert judge(files={"more.json": b"\0"}).outcome is Outcome.ERRORED
    assert judge(files={"more.json": b"{"}).outcome is Outcome.PASSED
    subject = subject_of(tmp_path, {}, Format.SKILL)
    assert run_check(CHECK, subject, Tools()).outcome is Outcome.ERRORED
