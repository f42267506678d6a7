from pathlib import Path

import pytest

from certification.checks.saved_model import CHECK
from certification.readers import saved_model
from certification.readers.protobuf import WireError
from certification.readers.saved_model import looks_like_graph, looks_like_saved_model, operators
from tests.certification.checks.model_subject import Outcome, report_on, rules
from tests.certification.checks.wire import number, sized


def node(operator: str) -> bytes:
    return sized(1, "n") + sized(2, operator)


def saved(*names: str, library: str = "Mul") -> bytes:
    graph = b"".join(sized(1, node(n)) for n in names)
    function = sized(1, "signature") + sized(3, node(library))
    return number(1, 1) + sized(2, sized(2, graph + sized(2, sized(1, function))))


def test_a_computing_graph_passes(tmp_path: Path) -> None:
    files = {"variables": saved("MatMul", "SaveV2", "MergeV2Checkpoints"), "README": b"x"}
    assert report_on(CHECK, tmp_path, files).outcome is Outcome.PASSED
    assert report_on(CHECK, tmp_path, {"README": b"x"}).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("name", ["PyFunc", "ReadFile", "WriteFile", "LoadLibrary"])
def test_acting_operators_are_refused_in_graph_and_library(name: str, tmp_path: Path) -> None:
    assert rules(report_on(CHECK, tmp_path, {"saved_model.pb": saved(name)})) == {
        ("acting", "error")
    }
    files = {"saved_model.pb": saved(library=name)}
    assert rules(report_on(CHECK, tmp_path, files)) == {("acting", "error")}
    assert rules(report_on(CHECK, tmp_path, {"frozen.pb": sized(1, node(name))})) == {
        ("acting", "error"),
    }


def test_file_operators_and_odd_names_go_to_review(tmp_path: Path) -> None:
    files = {"saved_model.pb": saved("TFRecordDataset", "a b")}
    assert rules(report_on(CHECK, tmp_path, files)) == {("files", "warning"), ("name", "warning")}


def test_what_is_not_readable_is_incomplete(tmp_path: Path) -> None:
    for content in (b"", b"\xff", saved()[:-4], number(1, 1)):
        report = report_on(CHECK, tmp_path, {"saved_model.pb": content, "README": b"x"})
        assert report.outcome is Outcome.ERRORED


def test_shapes_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not looks_like_saved_model(b"\xff")
    assert not looks_like_graph(b"")
    assert not looks_like_graph(b"\xff")
    assert not looks_like_graph(saved("A"))
    monkeypatch.setattr(saved_model, "MAX_NODES", 1)
    with pytest.raises(WireError, match="more than"):
        operators(saved("A", "B"))
