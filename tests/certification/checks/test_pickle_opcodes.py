from pathlib import Path

import pytest

from certification.checks.pickle_opcodes import CHECK
from tests.certification.checks.model_subject import Outcome, report_on, rules
from tests.certification.readers import pickle_assembler as asm


def test_certified_data_passes_and_is_named(tmp_path: Path) -> None:
    report = report_on(CHECK, tmp_path, {"m.pkl": asm.data(), "empty": b"", "README": b"# hi"})
    assert report.outcome is Outcome.PASSED
    content = report.result.evidence[0].content
    assert isinstance(content, dict)
    assert content["m.pkl"]["imports"] == ["collections.OrderedDict"]


@pytest.mark.parametrize("name", ["m.pkl", "model.bin", "weights.safetensors", "noext"])
def test_a_gadget_is_refused_by_content_not_name(tmp_path: Path, name: str) -> None:
    report = report_on(CHECK, tmp_path, {name: asm.evil()})
    assert rules(report) == {("dangerous", "error")}
    (finding,) = report.result.findings
    assert finding.location is not None
    assert finding.location.offset is not None
    assert "CWE-502" in finding.standards


def test_unknown_classes_go_to_review(tmp_path: Path) -> None:
    content = asm.proto() + asm.call("my.models", "Net") * 2 + b"."
    assert rules(report_on(CHECK, tmp_path, {"m.pkl": content})) == {("unknown", "warning")}


def test_evasion_and_misplaced_streams_are_found(tmp_path: Path) -> None:
    files = {"a.pkl": b"\x82\x01.", "b.pkl": asm.data() + asm.data()}
    found = rules(report_on(CHECK, tmp_path, files))
    assert found == {("evasion", "error"), ("misplaced", "warning")}


def test_a_malformed_pickle_is_incomplete_but_its_gadget_is_refused(tmp_path: Path) -> None:
    harmless = report_on(CHECK, tmp_path, {"m.pkl": asm.proto() + b"\xff"})
    assert harmless.outcome is Outcome.ERRORED
    assert "unknown opcode" in harmless.result.incomplete
    cut = report_on(CHECK, tmp_path, {"m.pkl": asm.evil()[:-1]})
    assert cut.outcome is Outcome.FAILED


def test_array_bytes_read_as_instructions_count_only_when_they_act(tmp_path: Path) -> None:
    hidden = asm.imported("os", "system") + b")R"
    shape = b"K" + bytes([len(hidden)]) + b"\x85"
    stream = asm.joblib_array(code="i1", shape=shape, content=hidden)
    assert rules(report_on(CHECK, tmp_path, {"m.joblib": stream})) == {("dangerous", "error")}
    plain = asm.joblib_array(code="i1", shape=b"K\x02\x85", content=b"\xff\xff")
    assert report_on(CHECK, tmp_path, {"m.joblib": plain}).outcome is Outcome.PASSED


def test_packages_without_pickles_are_not_its_business(tmp_path: Path) -> None:
    report = report_on(CHECK, tmp_path, {"README.md": b"# hi", "empty": b""})
    assert report.outcome is Outcome.NOT_APPLICABLE


def test_a_command_converts_what_pytorch_wrote(tmp_path: Path) -> None:
    report = report_on(CHECK, tmp_path, {"m.bin": asm.evil()})
    assert "./m.safetensors" in report.result.findings[0].fix
