import json
from pathlib import Path

import pytest

from certification.checks import remote_code
from certification.checks.remote_code import CHECK
from registry.domain.identifiers import Format
from tests.certification.checks.model_subject import Outcome, report_on, rules


def test_weights_and_plain_configuration_pass(tmp_path: Path) -> None:
    files = {"config.json": b'{"a": [1, {"auto_map": {}}]}', "m.safetensors": b""}
    assert report_on(CHECK, tmp_path, files).outcome is Outcome.PASSED


def test_code_that_loaders_run_goes_to_review_by_name(tmp_path: Path) -> None:
    config = {"auto_map": {"AutoModel": "modeling.Net"}, "trust_remote_code": True}
    files = {"config.json": json.dumps(config).encode(), "modeling.py": b""}
    report = report_on(CHECK, tmp_path, files)
    assert {name for name, _ in rules(report)} == {"auto-map", "trust", "code"}
    assert any("modeling.py" in f.message for f in report.result.findings)


def test_agents_are_made_of_code(tmp_path: Path) -> None:
    agent = report_on(CHECK, tmp_path, {"main.py": b""}, Format.PYTHON_AGENT)
    assert agent.outcome is Outcome.NOT_APPLICABLE
    files = {"main.py": b"", "config.json": b"{}"}
    assert report_on(CHECK, tmp_path, files, Format.PYTHON_AGENT).outcome is Outcome.PASSED


def test_what_is_not_readable_is_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert report_on(CHECK, tmp_path, {"config.json": b"{"}).outcome is Outcome.ERRORED
    monkeypatch.setattr(remote_code, "MAX_CONFIG", 1)
    assert report_on(CHECK, tmp_path, {"config.json": b"{}"}).outcome is Outcome.ERRORED


def test_a_patch_takes_the_keys_out(tmp_path: Path) -> None:
    config = {"auto_map": {"A": "b.C"}, "m": {"auto_map": {"D": "e.F"}}, "n": 1}
    report = report_on(CHECK, tmp_path, {"config.json": json.dumps(config, indent=2).encode()})
    first, second = report.result.findings
    assert first.patch.count("auto_map") == len(("one", "two"))
    assert second.patch == ""
