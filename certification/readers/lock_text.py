"""Lock files as plain values: bounded JSON, TOML and YAML, with one kind of fault."""

import json
import tomllib
from collections.abc import Callable

import yaml

from certification.readers.components import LockError

#: Real lock files reach some megabytes; nothing that a person maintains is larger.
MAX_LOCK_BYTES = 16 * 1024 * 1024
#: The C loader is bounded by this: a YAML lock of a large monorepo has some 2 MB.
MAX_YAML_BYTES = 4 * 1024 * 1024


def json_table(path: str, text: str) -> dict[str, object]:
    """A JSON object; raises LockError."""
    return _parsed(path, "JSON", json.loads, text)


def toml_table(path: str, text: str) -> dict[str, object]:
    """A TOML table; raises LockError."""
    return _parsed(path, "TOML", tomllib.loads, text)


def yaml_table(path: str, text: str) -> dict[str, object]:
    """A YAML mapping without aliases; raises LockError."""
    if len(text) > MAX_YAML_BYTES:
        raise LockError(f"{path} is larger than {MAX_YAML_BYTES // 2**20} MiB.")
    return _parsed(path, "YAML", _plain_yaml, text)


def _plain_yaml(text: str) -> object:
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if isinstance(token, yaml.AliasToken):  # a few bytes could name billions of nodes
            raise yaml.YAMLError("aliases are not accepted")
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _parsed(
    path: str, language: str, parse: Callable[[str], object], text: str
) -> dict[str, object]:
    try:
        value = parse(text)
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as fault:
        reason = " ".join(str(fault).split())[:160]
        raise LockError(f"{path} is not valid {language}: {reason}.") from fault
    if not isinstance(value, dict):
        raise LockError(f"{path} holds no {language} object.")
    return table(value)


def table(value: object) -> dict[str, object]:
    """A nested object, or an empty one for anything else."""
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def array(value: object) -> list[dict[str, object]]:
    """The objects in a list, or none for anything else."""
    return (
        [table(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    )


def strings(value: object) -> list[str]:
    """The strings in a list, or none for anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
