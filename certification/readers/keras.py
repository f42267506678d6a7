"""Finds Keras model configurations in HDF5, `.keras` and JSON files, and walks them.

HDF5 is not parsed: Keras keeps the configuration as one JSON string, which is found by its
first key wherever it stands. `.keras` is a zip whose `config.json` is that string.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from certification.readers.lenient_zip import members, opens_as_zip
from certification.readers.mapped import Buffer, find, search

HDF5 = b"\x89HDF\r\n\x1a\n"
MAX_CONFIG = 32 * 1024 * 1024
#: Bytes that are tried as configurations in one file, whether they are any or not.
MAX_TRIED = 8 * MAX_CONFIG
MAX_OBJECTS = 500_000
MAX_MEMBERS = 10_000
_START = re.compile(rb'\{\s*"(?:class_name|module|name|config|keras_version|registered_name)"\s*:')
_CLAIM = b"model_config"


class ConfigError(ValueError):
    """A configuration is there and cannot be read."""


@dataclass(frozen=True, slots=True)
class Config:
    """One configuration as parsed JSON, and where it starts in the file."""

    content: object
    offset: int


@dataclass(frozen=True, slots=True)
class Node:
    """One serialised object: `{"module", "class_name", "config", "registered_name"}`."""

    class_name: str
    module: str
    registered: str
    config: object


def configs(data: Buffer, path: str) -> list[Config]:
    """Model configurations in a file; raises ConfigError when one is claimed but unreadable."""
    if data[:8] == HDF5:
        return _in_hdf5(data)
    if opens_as_zip(data) and path.lower().endswith(".keras"):
        return _in_zip(data)
    if path.lower().endswith(".json") and len(data) <= MAX_CONFIG:
        return _in_json(bytes(data))
    return []


def nodes(config: Config) -> Iterator[Node]:
    """Every serialised object, however deep; raises ConfigError beyond MAX_OBJECTS."""
    waiting = [config.content]
    count = 0
    while waiting:
        current = waiting.pop()
        count += 1
        if count > MAX_OBJECTS:
            raise ConfigError(f"more than {MAX_OBJECTS} objects")
        if isinstance(current, list):
            waiting += current
        elif isinstance(current, dict):
            waiting += current.values()
            if isinstance(current.get("class_name"), str):
                yield Node(
                    current["class_name"],
                    str(current.get("module") or ""),
                    str(current.get("registered_name") or ""),
                    current.get("config"),
                )


def _in_hdf5(data: Buffer) -> list[Config]:
    found: list[Config] = []
    end = tried = 0
    for match in search(data, _START):
        if match.start() >= end:
            raw = bytes(data[match.start() : match.start() + MAX_CONFIG]).partition(b"\x00")[0]
            tried += len(raw)
            if tried > MAX_TRIED:
                raise ConfigError("too much in it begins as a configuration does")
            text = raw.decode("utf-8", "replace")
            content, size = _first_value(text)
            end = match.start() + len(text[:size].encode())
            if content is not None:
                found.append(Config(content, match.start()))
    if find(data, _CLAIM) >= 0 and not any(_is_model(config.content) for config in found):
        raise ConfigError("a model_config is named but no readable one is there")
    return found


def _first_value(text: str) -> tuple[object, int]:
    try:
        return json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None, 0


def _in_zip(data: Buffer) -> list[Config]:
    found = []
    for member in members(data, MAX_MEMBERS):
        if member.name.rpartition("/")[2] == "config.json":
            raw, trouble = member.read(data, MAX_CONFIG)
            if trouble:
                raise ConfigError(f"{member.name} {trouble}")
            found.append(Config(_parsed(raw), member.content))
    if not found:
        raise ConfigError("there is no config.json")
    return found


def _in_json(raw: bytes) -> list[Config]:
    if not _START.match(raw.lstrip()) and b'"class_name"' not in raw:
        return []
    content = _parsed(raw)
    return [Config(content, 0)] if _is_model(content) else []


def _is_model(content: object) -> bool:
    return isinstance(content, dict) and {"class_name", "config"} <= set(content)


def _parsed(raw: bytes) -> object:
    try:
        parsed: object = json.loads(raw)
    except (ValueError, RecursionError) as fault:
        raise ConfigError(f"the configuration is not JSON ({type(fault).__name__})") from None
    return parsed
