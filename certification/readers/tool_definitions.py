"""Definitions of tools as MCP servers and function-calling APIs write them in JSON."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from certification import rulepacks
from certification.readers.folding import folded, skeleton
from certification.readers.intent import PACK

_SCHEMAS = ("inputSchema", "input_schema", "parameters")
_MAX_VALUES = 50_000
_MAX_DEPTH = 32
_CLAUSES = re.compile(r"[.;!?\n]\s*|, (?:and|then) | and (?:then |also )?")
#: What the eye cannot tell apart in most typefaces.
_ALIKE = str.maketrans(
    {"I": "l", "1": "l", "|": "l", "i": "l", "0": "o", "O": "o", "5": "s", "-": "_"}
)
_PAIRED = (("rn", "m"), ("vv", "w"), ("cl", "d"))


@dataclass(frozen=True, slots=True)
class Tool:
    """One definition, as written; `parameters` are the names at every depth of its schema."""

    name: str
    description: str
    annotations: dict[str, object]
    parameters: tuple[str, ...]
    definition: dict[str, object]


def tools_in(content: str) -> tuple[Tool, ...]:
    """Every tool defined in a JSON document; none when it is not JSON or holds none."""
    try:
        waiting: list[object] = [json.loads(content)]
    except (ValueError, RecursionError):
        return ()
    found: list[Tool] = []
    for _ in range(_MAX_VALUES):
        if not waiting:
            break
        value = waiting.pop()
        if isinstance(value, dict):
            if (tool := tool_of(value)) is not None:
                found.append(tool)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return tuple(reversed(found))


def tool_of(value: dict[str, Any]) -> Tool | None:
    """The definition in this object; None when it is something else."""
    name, description = value.get("name"), value.get("description", "")
    schema = next((value[key] for key in _SCHEMAS if isinstance(value.get(key), dict)), None)
    if not isinstance(name, str) or schema is None:
        return None
    annotations = value.get("annotations")
    return Tool(
        name=name,
        description=description if isinstance(description, str) else "",
        annotations=annotations if isinstance(annotations, dict) else {},
        parameters=tuple(_names(schema, 0)),
        definition=value,
    )


def _names(schema: object, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(schema, list):
        for item in schema:
            yield from _names(item, depth + 1)
    elif isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from (str(name) for name in properties)
        for item in schema.values():
            yield from _names(item, depth + 1)


def asked_for(tool: Tool) -> list[str]:
    """Parameters that carry what the tool, by its own text, has no use for."""
    purpose = folded(f"{re.sub('[_-]', ' ', tool.name)} {tool.description}")
    return [
        name
        for name in dict.fromkeys(tool.parameters)
        for wanted, unless in _asking()
        if wanted.search(_snake(name)) and not unless.search(purpose)
    ]


def false_hints(tool: Tool) -> list[str]:
    """Annotations that the tool's own text gives the lie to."""
    said = [
        folded(re.sub(r"[_-]", " ", _snake(tool.name))),
        *_CLAUSES.split(folded(tool.description)),
    ]
    hints: dict[str, str] = _data()["hints"]
    lies = []
    if tool.annotations.get("readOnlyHint") is True and _any(hints["writes"], said):
        lies.append("readOnlyHint")
    if tool.annotations.get("destructiveHint") is False and _any(hints["destroys"], said):
        lies.append("destructiveHint")
    return lies


def disguised_as(name: str) -> str:
    """The well-known tool that the eye takes this name for; empty when there is none."""
    if not name or name in _known().values():
        return ""
    if (known := _known().get(_seen(name))) is not None:
        return known
    plain = skeleton(name)
    if plain != name.casefold():
        return _known().get(_seen(plain)) or plain
    swaps = (name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1))
    return next((swap for swap in swaps if swap in _known().values()), "")


def _seen(name: str) -> str:
    seen = name.translate(_ALIKE).casefold()
    for pair, letter in _PAIRED:
        seen = seen.replace(pair, letter)
    return seen


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold()


def _any(pattern: str, texts: list[str]) -> bool:
    return any(re.search(pattern, text.strip()) for text in texts)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(rulepacks.data(PACK, "tools.toml").decode())


@cache
def _known() -> dict[str, str]:
    return {_seen(name): name for name in _data()["known"]}


@cache
def _asking() -> tuple[tuple["re.Pattern[str]", "re.Pattern[str]"], ...]:
    return tuple(
        (re.compile(entry["name"]), re.compile(entry["unless"])) for entry in _data()["asking"]
    )
