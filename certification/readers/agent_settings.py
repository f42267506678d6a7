"""Settings, hooks and server lists of coding agents: what they run and what they allow.

Known by their structure wherever they stand: Claude Code settings and plugins, `.mcp.json`, Cursor,
VS Code, Gemini, Codex, dev containers, and the front matter of skills, commands and agents."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_MAX_COMMAND = 4_000
_MAX_FACTS = 500
_MAX_DEPTH = 24
_COMMANDS = frozenset(
    {"apikeyhelper", "awsauthrefresh", "awscredentialexport", "otelheadershelper"}
)
_CONTAINER = frozenset(
    {"postcreatecommand", "poststartcommand", "postattachcommand", "oncreatecommand"}
    | {"initializecommand", "updatecontentcommand"}
)
_TOOLS = frozenset({"allowed-tools", "allowedtools", "tools", "autoapprove", "alwaysallow"})


class Fact(StrEnum):
    COMMAND = "command"  # a shell command that runs without being asked for
    SERVER = "server"  # the command line of an MCP server
    ALLOWED = "allowed"  # a tool that needs no further consent
    VARIABLE = "variable"  # NAME=value in the environment of the agent
    SWITCH = "switch"  # key=value that lowers the guard


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that settings say, and under which key."""

    fact: Fact
    key: str
    value: str


def settings_in(document: object) -> tuple[Setting, ...]:
    """Everything of that sort in a parsed JSON, TOML or YAML document."""
    found: list[Setting] = []
    for setting in _walk(document, "", 0):
        found.append(setting)
        if len(found) >= _MAX_FACTS:
            break
    return tuple(found)


def _walk(value: object, key: str, depth: int) -> Iterator[Setting]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, key, depth + 1)
    elif isinstance(value, dict):
        for raw, item in value.items():
            yield from _entry(str(raw), item, key)
            yield from _walk(item, str(raw), depth + 1)


def _entry(key: str, value: object, parent: str) -> Iterator[Setting]:
    """What one key says by itself."""
    name, above = key.casefold(), parent.casefold()
    if name in {"mcpservers", "servers", "mcp_servers"} and isinstance(value, dict):
        yield from _servers(value)
    elif name in _COMMANDS | _CONTAINER or (name == "command" and above in _HOOKS):
        yield from (Setting(Fact.COMMAND, key, text) for text in _texts(value))
    elif name in _TOOLS or (name == "allow" and above == "permissions"):
        yield from (Setting(Fact.ALLOWED, key, text) for text in _listed(value))
    elif name == "env" and above == "" and isinstance(value, dict):
        yield from (
            Setting(Fact.VARIABLE, str(variable), text)
            for variable, item in value.items()
            for text in _texts(item)
        )
    elif isinstance(value, bool | str):
        yield Setting(Fact.SWITCH, key, str(value)[:200])


_HOOKS = frozenset({"hooks", "statusline", "tasks", "filesuggestion"})


def _servers(servers: dict[object, object]) -> Iterator[Setting]:
    for name, server in servers.items():
        if not isinstance(server, dict):
            continue
        words = [*_texts(server.get("command")), *_texts(server.get("args"))]
        if words:
            yield Setting(Fact.SERVER, str(name), " ".join(words)[:_MAX_COMMAND])
        if isinstance(url := server.get("url"), str):
            yield Setting(Fact.SERVER, str(name), url[:_MAX_COMMAND])
        environment = server.get("env")
        for variable in environment if isinstance(environment, dict) else ():
            value = environment[variable] if isinstance(environment, dict) else ""
            yield Setting(Fact.VARIABLE, f"{name}.{variable}", str(value)[:200])


def _texts(value: object) -> list[str]:
    if isinstance(value, str | int | float):
        return [str(value)[:_MAX_COMMAND]]
    if isinstance(value, list):
        return [str(item)[:_MAX_COMMAND] for item in value if isinstance(item, str | int | float)]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return []


def _listed(value: object) -> list[str]:
    """`Bash(git:*), Read` and [Bash(git:*), Read] are the same list."""
    if isinstance(value, str):
        return [
            part.strip() for part in re.split(r",(?![^(]*\))|\s+(?![^(]*\))", value) if part.strip()
        ]
    return (
        [item.strip() for item in value if isinstance(item, str)] if isinstance(value, list) else []
    )
