from pathlib import Path

import pytest

from certification.checks.onnx_structure import CHECK
from certification.readers import onnx
from certification.readers.onnx import looks_like_onnx, read
from certification.readers.protobuf import WireError, fields
from tests.certification.checks.model_subject import Outcome, report_on, rules
from tests.certification.checks.wire import number, sized


def node(operator: str, domain: str = "", *attributes: bytes) -> bytes:
    parts = b"".join(sized(5, a) for a in attributes)
    return sized(1, "x") + sized(4, operator) + sized(7, domain) + parts


def external(location: str, **more: str) -> bytes:
    entries = {"location": location, **more}
    return b"".join(sized(13, sized(1, k) + sized(2, v)) for k, v in entries.items()) + number(
        14, 1
    )


def model(graph: bytes, *more: bytes) -> bytes:
    return number(1, 8) + sized(8, sized(1, "") + number(2, 17)) + sized(7, graph) + b"".join(more)


PLAIN = sized(2, "producer") + model(
    sized(1, node("Relu")) + sized(2, "g") + sized(5, sized(8, "w") + number(14, 0))
)


def test_a_plain_model_passes_under_any_name(tmp_path: Path) -> None:
    report = report_on(CHECK, tmp_path, {"m.bin": PLAIN, "README": b"x"})
    assert report.outcome is Outcome.PASSED
    assert report_on(CHECK, tmp_path, {"README": b"x"}).outcome is Outcome.NOT_APPLICABLE
    assert not looks_like_onnx(number(99, 1))


@pytest.mark.parametrize(
    ("location", "rule"),
    [
        ("/etc/passwd", "external-path"),
        ("file:///etc/passwd", "external-path"),
        ("../x", "external-path"),
        ("a\\..\\x", "external-path"),
        ("", "external-path"),
        ("gone.bin", "external-missing"),
        ("w.bin", ""),
    ],
)
def test_external_tensors_stay_in_the_folder(location: str, rule: str, tmp_path: Path) -> None:
    content = model(sized(5, external(location)))
    found = rules(report_on(CHECK, tmp_path, {"a/m.onnx": content, "a/w.bin": b"1234"}))
    assert {name for name, _ in found} == ({rule} if rule else set())


@pytest.mark.parametrize("more", [{"length": "5"}, {"offset": "x"}, {"offset": "9" * 50}])
def test_external_tensors_stay_in_their_file(more: dict[str, str], tmp_path: Path) -> None:
    content = model(sized(5, external("w.bin", **more)))
    found = rules(report_on(CHECK, tmp_path, {"m.onnx": content, "w.bin": b"1234"}))
    assert found == {("external-range", "error")}


def test_subgraphs_sparse_tensors_and_attributes_are_walked(tmp_path: Path) -> None:
    inner = sized(1, node("Deep", "evil.domain"))
    attributes = (
        sized(6, inner),
        sized(5, external("/a")),
        sized(22, sized(1, external("/b"))),
        sized(1, "name"),
    )
    graph = sized(1, node("If", "", *attributes)) + sized(
        15, sized(2, external("/c")) + sized(3, "")
    )
    report = report_on(CHECK, tmp_path, {"m.onnx": model(graph)})
    assert rules(report) == {("custom-operator", "warning"), ("external-path", "error")}
    assert len(report.result.findings) == 4


def test_own_functions_are_no_custom_operators_but_host_code_is_refused(tmp_path: Path) -> None:
    function = sized(25, sized(1, "F") + sized(10, "own") + sized(7, node("PyOp")) + sized(4, "x"))
    report = report_on(CHECK, tmp_path, {"m.onnx": model(sized(1, node("F", "own")), function)})
    assert rules(report) == {("host-code", "error")}


def test_what_is_not_readable_is_incomplete(tmp_path: Path) -> None:
    for content in (b"", b"\xff\xff", number(1, 8), PLAIN[:-3]):
        assert report_on(CHECK, tmp_path, {"m.onnx": content}).outcome is Outcome.ERRORED


def test_bounds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = b""
    for _ in range(onnx.MAX_DEPTH + 2):
        graph = sized(1, node("If", "", sized(6, graph)))
    with pytest.raises(WireError, match="nested"):
        read(model(graph))
    monkeypatch.setattr(onnx, "MAX_NODES", 0)
    with pytest.raises(WireError, match="more than"):
        read(PLAIN)


def test_a_model_cut_anywhere_gives_a_typed_problem() -> None:
    for cut in range(len(PLAIN)):
        try:
            read(PLAIN[:cut])
        except WireError:
            continue


@pytest.mark.parametrize("raw", [b"\x0b", b"\x80" * 11, b"\x0a\x05a", b"\x00\x01", b"\x0d\x01"])
def test_broken_wire_format_is_said(raw: bytes) -> None:
    with pytest.raises(WireError):
        list(fields(raw, 0, len(raw)))


def test_fixed_width_fields_are_stepped_over() -> None:
    assert [f.number for f in fields(b"\x0d1234\x1112345678", 0, 14)] == [1, 2]
