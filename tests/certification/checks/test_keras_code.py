import json
import zipfile
from pathlib import Path

import pytest

from certification.checks.keras_code import CHECK
from certification.readers import keras
from certification.readers.keras import HDF5, Config, ConfigError, nodes
from tests.certification.checks.model_subject import Outcome, report_on, rules
from tests.certification.readers.pickle_assembler import zipped


def config(*layers: dict[str, object]) -> bytes:
    return json.dumps(
        {
            "module": "keras.src.models.functional",
            "class_name": "Functional",
            "config": {"layers": list(layers)},
        }
    ).encode()


def layer(name: str, module: str = "keras.layers", **more: object) -> dict[str, object]:
    return {"class_name": name, "module": module, "config": {}, **more}


RELU = layer("function", "builtins", config="relu", registered_name="function")
DENSE = layer("Dense", config={"activation": RELU, "vocabulary": None})


def test_built_in_layers_pass(tmp_path: Path) -> None:
    files = {
        "m.keras": zipped({"config.json": config(DENSE), "metadata.json": b"{}"}),
        "m.h5": HDF5 + b"model_config\0" + config(DENSE) + b'\0rest {"name": broken',
        "m.json": config(DENSE),
        "weights.h5": HDF5 + bytes(9),
        "config.json": b'{"hidden_size": 3, "x": {"class_name": 1}}',
        "list.json": b'[{"class_name": "Dense"}]',
        "other.json": b"{}",
        "README": b"x",
    }
    assert report_on(CHECK, tmp_path, files).outcome is Outcome.PASSED
    assert report_on(CHECK, tmp_path, {"README": b"x"}).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (layer("Lambda"), ("code", "error")),
        (layer("TorchModuleWrapper"), ("code", "error")),
        (layer("function", "builtins", config="eval"), ("function", "error")),
        (layer("function", "numpy", config="relu"), ("function", "error")),
        (layer("X", "os"), ("foreign", "error")),
        (layer("X", "keras.src.utils.file_utils"), ("foreign", "error")),
        (layer("X", "keras_hub.layers"), ("foreign", "warning")),
        (layer("X", "my", registered_name="My>X"), ("foreign", "warning")),
        (layer("X", "", registered_name="My>X"), ("custom", "warning")),
        (layer("StringLookup", config={"vocabulary": "/etc/passwd"}), ("file", "error")),
    ],
)
def test_code_and_foreign_objects_are_found(
    bad: dict[str, object], rule: tuple[str, str], tmp_path: Path
) -> None:
    for files in (
        {"m.keras": zipped({"config.json": config(bad)}, method=zipfile.ZIP_DEFLATED)},
        {"m.bin": HDF5 + b"model_config" + config(bad)},
        {"m.json": config(bad)},
    ):
        folder = tmp_path / next(iter(files))
        assert rules(report_on(CHECK, folder, files)) == {rule}


def test_what_is_not_readable_is_incomplete(tmp_path: Path) -> None:
    cut = zipped({"config.json": config(DENSE)}, method=zipfile.ZIP_DEFLATED)
    for name, content in {
        "a.h5": b"not hdf5",
        "b.h5": HDF5 + b"model_config",
        "c.keras": zipped({"other": b""}),
        "d.keras": zipped({"config.json": b"{"}),
        "e.keras": cut.replace(cut[41:44], b"\xff\xff\xff"),
        "f.json": b'{"class_name": ',
    }.items():
        assert report_on(CHECK, tmp_path / name, {name: content}).outcome is Outcome.ERRORED


def test_objects_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras, "MAX_OBJECTS", 2)
    with pytest.raises(ConfigError, match="more than"):
        list(nodes(Config([1, 2, 3], 0)))


def test_only_so_much_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    content = HDF5 + b'{"name": ' * 50
    assert keras.configs(content, "m.h5") == []
    monkeypatch.setattr(keras, "MAX_TRIED", 1_000)
    with pytest.raises(ConfigError, match="too much"):
        keras.configs(content, "m.h5")
