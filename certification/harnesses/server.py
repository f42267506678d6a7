"""MCP servers: started as their descriptor says, greeted over stdio, asked for their tools."""

from typing import Literal

from certification.ports import Limits, RunRequest
from certification.types import Subject


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
        limits=Limits(wall_seconds=45),
    )
