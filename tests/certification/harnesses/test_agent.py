"""The transcript of the scripted model, and what starts an agent."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from certification.harnesses import agent
from certification.ports import Observation
from registry.domain.descriptor import Descriptor, EntryPoint
from registry.domain.identifiers import Format
from tests.certification.checks.model_subject import subject_of

SEEN = Observation("test", 0, "", "", 1.0)
TURN = {"tools": ["add"], "answer": ["add", {"a": 1}]}


@pytest.mark.parametrize(
    ("stderr", "turns"),
    [
        ("", []),
        ("warning\n" + json.dumps({"assayTurns": [TURN]}), [TURN]),
        (json.dumps({"assayTurns": [TURN] * 90}), [TURN] * 40),
        (json.dumps({"assayTurns": "many"}), []),
        ('{"assayTurns":', []),
        ('{"assayTurns":' + "[" * 100_000, []),
    ],
)
def test_turns_are_read_from_the_last_line_that_tells_them(stderr: str, turns: list) -> None:
    assert agent.turns_of(replace(SEEN, stderr=stderr)) == turns


@pytest.mark.parametrize(
    ("entry", "labels"),
    [
        (None, []),
        (EntryPoint("node", ("node", "a.js")), []),
        (EntryPoint("python", ("python", "-m", "a")), ["python -m a"]),
    ],
)
def test_only_a_python_entry_point_is_started(tmp_path: Path, entry, labels) -> None:
    subject = subject_of(tmp_path, {}, Format.PYTHON_AGENT)
    declared = Descriptor(Format.PYTHON_AGENT, entry_point=entry)
    found = agent.requests_of(replace(subject, declared=declared))
    assert [label for label, _ in found] == labels
    for _, request in found:
        assert request.command[:2] == ("python", "/assay/script.py")
        assert request.packages
