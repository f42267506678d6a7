"""Cards against the headers of the weights they describe."""

import json
import struct
from pathlib import Path

import pytest

from certification.checks.model_claims import CHECK
from certification.types import Level, Outcome
from tests.certification.checks.local_subject import checked, checked_path, rules

MIT = "---\nlicense: mit\n---\n"


def weights(count: int = 4, dtype: str = "F32", width: int = 4) -> bytes:
    header = {"w": {"dtype": dtype, "shape": [count], "data_offsets": [0, count * width]}}
    body = json.dumps(header).encode()
    body += b" " * (-len(body) % 8)
    return struct.pack("<Q", len(body)) + body + bytes(count * width)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def gguf(**values: str) -> bytes:
    named = {key.replace("__", "."): value for key, value in values.items()}
    entries = b"".join(text(k) + struct.pack("<I", 8) + text(v) for k, v in named.items())
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(named)) + entries


def found(folder: Path, card: str = MIT, **files: bytes) -> dict[str, Level]:
    named = {name.replace("__", "."): data for name, data in files.items()}
    return rules(checked(CHECK, folder, {"README.md": card, **named}))


def test_a_true_card_passes_and_the_numbers_are_evidence(tmp_path: Path) -> None:
    config = {"torch_dtype": "torch.float32", "architectures": ["TinyModel"]}
    files = {
        "README.md": MIT,
        "model.safetensors": weights(),
        "config.json": json.dumps(config),
    }
    report = checked(CHECK, tmp_path, files)
    assert report.outcome is Outcome.PASSED
    assert report.result.findings == ()
    (evidence,) = report.result.evidence
    assert evidence.content == {
        "parameters": {"F32": 4},
        "total": 4,
        "architecture": "TinyModel",
        "statedDtype": "float32",
        "licence": "mit",
        "baseModel": "",
        "weightFiles": 1,
    }


@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [
        ("tiny-1m", 1_000_000, {}),
        ("tiny-1m", 400_000, {"size": Level.WARNING}),
        ("tiny-7B-instruct", 1000, {"size": Level.WARNING}),
        ("tiny-0m", 1000, {"size": Level.WARNING}),
        ("tiny-v2", 1000, {}),
    ],
)
def test_sizes_in_names(tmp_path: Path, name: str, count: int, expected: object) -> None:
    card = f"---\nlicense: mit\nmodel_name: {name}\n---\n"
    toml = f'[package]\nname = "{name.lower()}"\ntitle = "{name}"\n'.encode()
    assert found(tmp_path, card, model__safetensors=weights(count), assay__toml=toml) == expected


def test_types_of_numbers(tmp_path: Path) -> None:
    config = b'{"dtype": "bfloat16"}'
    got = found(tmp_path, MIT, model__safetensors=weights(), config__json=config)
    assert got == {"dtype": Level.NOTE}


@pytest.mark.parametrize(
    ("card", "header", "expected"),
    [
        ("# x\n", "", {"no-licence": Level.NOTE}),
        ("---\nlicense: my own\n---\n", "", {"licence-unknown": Level.NOTE}),
        ("---\nlicense: other\n---\n", "mit", {}),
        ("---\nlicense: mit\n---\n", "MIT", {}),
        ("---\nlicense: mit\n---\n", "apache-2.0", {"licence": Level.WARNING}),
        ("---\nlicense: mit\n---\n", "who knows", {}),
    ],
)
def test_licences(tmp_path: Path, card: str, header: str, expected: object) -> None:
    assert found(tmp_path, card, m__gguf=gguf(general__license=header)) == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("org/Tiny-Base", {}),
        ("org/other", {"base-model": Level.WARNING}),
        ("", {}),
    ],
)
def test_base_models(tmp_path: Path, base: str, expected: object) -> None:
    card = f"---\nlicense: mit\nbase_model: {base}\n---\n"
    header = gguf(general__base_model__0__name="Tiny Base", general__architecture="tiny")
    assert found(tmp_path, card, m__gguf=header) == expected


@pytest.mark.parametrize("config", [b"[", b"[1]", b'{"architectures": 3}'])
def test_corrupt_weights_and_configurations_are_left_to_their_own_checks(
    tmp_path: Path, config: bytes
) -> None:
    files = {"a__safetensors": b"\xff" * 30, "b__gguf": b"GGUFx", "config__json": config}
    assert found(tmp_path, MIT, **files) == {}


def test_the_number_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certification.readers.model_facts.MAX_WEIGHT_FILES", 1)
    report = checked(CHECK, tmp_path, {"a.safetensors": weights(), "b.safetensors": weights()})
    assert report.result.evidence[0].content["total"] == 4  # type: ignore[index]


def test_agents_make_no_such_claims(tmp_path: Path) -> None:
    (tmp_path / "SKILL.md").write_text("---\nname: a\ndescription: b\n---\n")
    assert checked_path(CHECK, tmp_path).outcome is Outcome.NOT_APPLICABLE
