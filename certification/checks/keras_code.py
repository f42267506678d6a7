"""Keras configurations must be made of Keras: no code, no objects of other packages."""

from pathlib import Path

from certification.readers.keras import HDF5, ConfigError, Node, configs, nodes
from certification.readers.mapped import Buffer, mapped
from certification.types import (
    Check,
    EachFile,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    SubjectFile,
)

_STANDARDS = ("CWE-502", "CWE-94", "OWASP LLM03:2025", "AML.T0010", "AML.T0011")
_FIX = "Replace code and custom objects by built-in layers and save the model again."
#: Classes whose configuration is code, or leads to code or other files.
_CODE = frozenset(
    {"Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"}
)
_PARTS = (
    "activations", "constraints", "dtype_policies", "initializers", "layers", "losses", "metrics",
    "models", "ops", "optimizers", "quantizers", "random", "regularizers", "mixed_precision",
    "backend", "feature_column", "engine", "legacy.losses", "callbacks",
)  # fmt: skip
_PACKAGES = (
    "keras", "keras.src", "tf_keras", "tf_keras.src", "tensorflow.keras", "tensorflow.python.keras",
    "keras.api",
)  # fmt: skip
_COMPANIONS = ("keras_cv", "keras_hub", "keras_nlp", "tensorflow_addons")
#: Functions a layer may name where Keras writes `module: builtins`.
_FUNCTIONS = frozenset({
    "celu", "elu", "exponential", "gelu", "glu", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6",
    "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh", "tanh_shrink",
    "mean_squared_error", "mean_absolute_error", "binary_crossentropy", "categorical_crossentropy",
    "sparse_categorical_crossentropy", "mse", "mae",
})  # fmt: skip
MAX_SHOWN = 120


def _holds(data: Buffer, path: str) -> bool:
    try:
        return path.lower().endswith((".keras", ".h5", ".hdf5")) or bool(configs(data, path))
    except ConfigError:
        return True


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    findings: list[Finding] = []
    with mapped(where) as data:
        if not _holds(data, file.path):
            return None
        unread = _not_as_named(data, file.path)
        try:
            found = _walked(data, file.path, findings)
        except ConfigError as fault:
            return Result(tuple(findings), (), "; ".join([*unread, f"{file.path}: {fault}"]))
    classes = sorted({node.class_name[:MAX_SHOWN] for node in found})[:200]
    return Result(tuple(findings), (Evidence("classes", classes),), "; ".join(unread))


def _not_as_named(data: Buffer, path: str) -> list[str]:
    """Why a file that is called Keras is none."""
    if path.lower().endswith((".h5", ".hdf5")) and data[:8] != HDF5:
        return [f"{path} is not an HDF5 file"]
    if path.lower().endswith(".keras") and data[:4] != b"PK\x03\x04" and data[:8] != HDF5:
        return [f"{path} is neither a zip nor an HDF5 file"]
    return []


def _walked(data: Buffer, path: str, findings: list[Finding]) -> list[Node]:
    found: list[Node] = []
    for config in configs(data, path):
        for node in nodes(config):
            found.append(node)
            judged = _judge(node)
            if judged is not None:
                level, what, message = judged
                place = Location(path, offset=config.offset)
                message = f"{path}: {message}"
                findings.append(
                    Finding(f"keras-code.{what}", level, message, place, _FIX, _STANDARDS)
                )
    return found


def _judge(node: Node) -> tuple[Level, str, str] | None:
    name = node.class_name[:MAX_SHOWN]
    if node.class_name in _CODE:
        return Level.ERROR, "code", f"the configuration holds {name}, which runs code."
    if node.class_name in {"function", "class"} or node.module == "builtins":
        return _judge_function(node)
    if node.module and not _is_keras(node.module):
        companion = node.module.partition(".")[0] in _COMPANIONS or ">" in node.registered
        level = Level.WARNING if companion else Level.ERROR
        message = f"{name} comes from {node.module[:MAX_SHOWN]}, which is not a part of Keras."
        return level, "foreign", message
    return _judge_config(node)


def _judge_function(node: Node) -> tuple[Level, str, str] | None:
    given = node.config if isinstance(node.config, str) else node.class_name
    if given in _FUNCTIONS and (node.module in {"", "builtins"} or _is_keras(node.module)):
        return None
    message = f"the configuration refers to the function {node.module[:60]}.{given[:60]}."
    return Level.ERROR, "function", message


def _judge_config(node: Node) -> tuple[Level, str, str] | None:
    if ">" in node.registered and not node.registered.startswith("keras"):
        message = f"{node.registered[:MAX_SHOWN]} is a custom object, whose code is elsewhere."
        return Level.WARNING, "custom", message
    vocabulary = node.config.get("vocabulary") if isinstance(node.config, dict) else None
    if isinstance(vocabulary, str) and ("/" in vocabulary or "\\" in vocabulary):
        message = f"{node.class_name[:60]} reads the file {vocabulary[:MAX_SHOWN]!r}."
        return Level.ERROR, "file", message
    return None


def _is_keras(module: str) -> bool:
    return module in {*_PACKAGES, "keras.src.models.functional"} or any(
        module == f"{package}.{part}" or module.startswith(f"{package}.{part}.")
        for package in _PACKAGES
        for part in _PARTS
    )


CHECK = Check(
    id="keras-code",
    version=1,
    stage=Stage.SCAN,
    title="Keras models are made of Keras layers",
    why="A Keras configuration can name any Python function, which runs when the model is loaded.",
    remedy="Use built-in layers only and save the model again.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
)
