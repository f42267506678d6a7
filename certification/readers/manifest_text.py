"""Bounded, non-executing parsers of manifests: JSON, TOML, and YAML without aliases."""

import json
import re
import tomllib
from collections.abc import Callable

import yaml

from certification.readers.tree import FileTree, text_of

MAX_MANIFEST_BYTES = 512 * 1024
MAX_FRONT_MATTER = 64 * 1024
MAX_TEXT = 2_000
MAX_NESTING = 64


class ManifestError(Exception):
    """A manifest cannot be read; the message is one sentence that names the file."""


class _PlainLoader(yaml.SafeLoader):
    """SafeLoader that refuses aliases, with which a few bytes can name billions of nodes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not accepted")
        return super().compose_node(parent, index)


def has(tree: FileTree, path: str) -> bool:
    """Whether the tree has exactly this file."""
    return any(file.path == path for file in tree.files())


def manifest_text(tree: FileTree, path: str) -> str:
    """The text of a manifest; raises ManifestError when it is too large or not text."""
    text = text_of(lambda limit: tree.read(path, limit), MAX_MANIFEST_BYTES)
    if text is None:
        raise ManifestError(f"{path} is larger than {MAX_MANIFEST_BYTES // 1024} KiB or not text.")
    return text.removeprefix("\ufeff")


def json_object(tree: FileTree, path: str) -> dict[str, object]:
    """A JSON manifest; raises ManifestError."""
    return _object(path, "JSON", json.loads, manifest_text(tree, path))


def toml_table(tree: FileTree, path: str) -> dict[str, object]:
    """A TOML manifest; raises ManifestError."""
    return _object(path, "TOML", tomllib.loads, manifest_text(tree, path))


def front_matter(tree: FileTree, path: str) -> tuple[dict[str, object], str]:
    """(YAML front matter, Markdown below it) of a file; the first is empty when there is none.
    Raises ManifestError."""
    return front_matter_of(path, manifest_text(tree, path))


def front_matter_of(path: str, text: str) -> tuple[dict[str, object], str]:
    """(YAML front matter, Markdown below it) of a text that is known by `path`; raises
    ManifestError."""
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].strip() != "---":
        return {}, text
    end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    if end is None:
        raise ManifestError(f"The front matter of {path} is not closed by a line of three dashes.")
    block = "".join(lines[1:end])
    if len(block) > MAX_FRONT_MATTER:
        raise ManifestError(f"The front matter of {path} is larger than 64 KiB.")
    return _object(path, "YAML", _yaml, block), "".join(lines[end + 1 :])


def _yaml(text: str) -> object:
    depth = deepest = 0
    for sign in re.findall(r"[\[\]{}]", text):  # nesting costs the YAML scanner square time
        depth += 1 if sign in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > MAX_NESTING:
        raise RecursionError
    # _PlainLoader is a SafeLoader: it makes no objects.
    return yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - derived from SafeLoader


def _object(
    path: str, language: str, parse: Callable[[str], object], text: str
) -> dict[str, object]:
    try:
        value = parse(text)
    except RecursionError as fault:
        raise ManifestError(f"{path} is nested too deeply.") from fault
    except (ValueError, TypeError, yaml.YAMLError) as fault:
        reason = " ".join(str(fault).split())[:160]
        raise ManifestError(f"{path} is not valid {language}: {reason}.") from fault
    if not isinstance(value, dict):
        raise ManifestError(f"{path} holds no {language} object.")
    return {str(key): item for key, item in value.items()}


def text(value: object, limit: int = MAX_TEXT) -> str:
    """A declared scalar as bounded text on one line; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).replace("\0", "").split())[:limit]


def texts(value: object, limit: int = 200) -> tuple[str, ...]:
    """A declared list (or comma-separated string) of strings, bounded."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return ()
    return tuple(item for item in (text(part) for part in value[:limit]) if item)


def table(value: object) -> dict[str, object]:
    """A nested object, or an empty one for anything else."""
    return {str(k): v for k, v in value.items()} if isinstance(value, dict) else {}


def rows(value: object, limit: int = 200) -> list[dict[str, object]]:
    """The objects in a declared list, bounded."""
    return (
        [table(item) for item in value[:limit] if isinstance(item, dict)]
        if isinstance(value, list)
        else []
    )
