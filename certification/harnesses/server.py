"""MCP servers: started as declared, greeted over stdio, their tools listed and each called once."""

from typing import Literal

from certification.harnesses.arguments import arguments_for, words_of
from certification.ports import Limits, ObservedTool, PlannedCall, RunRequest
from certification.types import Subject

MAX_CALLS = 60
_MAKING = frozenset({"add", "create", "insert", "make", "new", "open", "set", "store", "write"})
_ENDING = frozenset({"clear", "close", "delete", "drop", "remove", "reset", "stop", "uninstall"})


def planned(tools: tuple[ObservedTool, ...]) -> tuple[PlannedCall, ...]:
    """One honest call of each tool: those that make things first, those that destroy last."""
    calls = [
        PlannedCall(tool.name, arguments_for(tool.definition.get("inputSchema")))
        for tool in tools[:MAX_CALLS]
    ]
    return tuple(sorted(calls, key=lambda call: _turn(call.tool)))


def _turn(name: str) -> int:
    words = words_of(name)
    return 0 if words & _MAKING else 2 if words & _ENDING else 1


def request_of(subject: Subject) -> RunRequest | None:
    """The run that greets the server; None when it declares nothing to start over stdio."""
    entry = subject.declared.entry_point
    if entry is None or entry.runtime == "none" or entry.transport != "stdio":
        return None
    runtime: Literal["node", "python"] = "node" if entry.runtime == "node" else "python"
    return RunRequest(
        artifact=subject.root,
        command=entry.command,
        runtime=runtime,
        protocol="mcp",
        packages=True,
        plan=planned,
        observe=True,
        limits=Limits(wall_seconds=45),
    )
