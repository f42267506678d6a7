import json
from pathlib import Path

import pytest

from certification.checks import safetensors_structure
from certification.checks.safetensors_structure import CHECK
from certification.readers import safetensors
from certification.readers.safetensors import HeaderError
from tests.certification.checks.model_subject import Outcome, report_on, rules


def tensor(begin: int, end: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": [(end - begin) // 4], "data_offsets": [begin, end]}


def build(header: object, data: bytes = bytes(8)) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + data


GOOD = build({"__metadata__": {"format": "pt"}, "a": tensor(0, 4), "b": tensor(4, 8)})


def test_an_exact_file_passes_under_any_name(tmp_path: Path) -> None:
    assert report_on(CHECK, tmp_path, {"m.bin": GOOD}).outcome is Outcome.PASSED
    assert report_on(CHECK, tmp_path, {"README": b"hi"}).outcome is Outcome.NOT_APPLICABLE
    assert report_on(CHECK, tmp_path, {"m.safetensors": build({}, b"")}).outcome is Outcome.PASSED


BAD = {
    "short": b"abc",
    "length": b"\xff" * 8 + b"{}",
    "json": build(b"{nope"),
    "list": build(b"[]"),
    "deep": build(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "tab": build(b"{}\t", b""),
    "twice": build(b'{"a":1,"a":2}'),
    "metadata": build({"__metadata__": {"a": 1}}),
    "metadata list": build({"__metadata__": []}),
    "large": build({"__metadata__": {"a": "x" * (1 << 20)}}),
    "keys": build({"a": {"dtype": "F32"}}),
    "no table": build({"a": 1}),
    "negative": build({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}),
    "truth": build({"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}),
    "three": build({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}}),
    "dtype": build({"a": tensor(0, 8, "Z9")}),
    "shape": build({"a": tensor(0, 8, "F64")}),
    "gap": build({"a": tensor(4, 8)}),
    "overlap": build({"a": tensor(0, 8), "b": tensor(4, 8)}),
    "outside": build({"a": tensor(0, 12)}),
    "trailing": build({"a": tensor(0, 4)}),
}


@pytest.mark.parametrize("case", BAD)
def test_every_breach_is_an_error_with_an_offset(case: str, tmp_path: Path) -> None:
    report = report_on(CHECK, tmp_path, {"m.safetensors": BAD[case]})
    assert rules(report) == {("malformed", "error")}
    assert report.result.findings[0].location is not None


def test_a_file_cut_anywhere_is_refused() -> None:
    for cut in range(len(GOOD)):
        with pytest.raises(HeaderError):
            safetensors.read(GOOD[:cut])


def test_counts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safetensors, "MAX_TENSORS", 1)
    with pytest.raises(HeaderError, match="more than 1"):
        safetensors.read(GOOD)


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({"note": "<script>x</script>"}, {("active-metadata", "error")}),
        ({"setup": "rm -rf /tmp/x"}, {("active-metadata", "error")}),
        ({"callback_url": "https://a.example"}, {("address", "warning")}),
        ({"source": "https://a.example", "author": "someone"}, set()),
    ],
)
def test_metadata_describes_weights(
    metadata: dict[str, str], found: set[tuple[str, str]], tmp_path: Path
) -> None:
    content = build({"__metadata__": metadata, "a": tensor(0, 8)})
    assert rules(report_on(CHECK, tmp_path, {"m.safetensors": content})) == found


def test_an_index_agrees_with_its_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = json.dumps({"weight_map": {"a": "1.safetensors"}}).encode()
    files = {"m/x.safetensors.index.json": index, "m/1.safetensors": GOOD}
    assert report_on(CHECK, tmp_path, files).outcome is Outcome.PASSED
    wrong = json.dumps({"weight_map": {"a": "../1.safetensors"}}).encode()
    files["m/x.safetensors.index.json"] = wrong
    assert rules(report_on(CHECK, tmp_path, files)) == {("index", "error")}
    files["m/x.safetensors.index.json"] = b"[]"
    assert rules(report_on(CHECK, tmp_path, files)) == {("index", "error")}
    monkeypatch.setattr(safetensors_structure, "MAX_INDEX", 1)
    assert rules(report_on(CHECK, tmp_path, files)) == {("index", "error")}
