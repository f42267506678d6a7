"""Skills, plugins and Python agents: what can be started is started once, without arguments."""

from typing import Literal

from certification.ports import Limits, RunRequest
from certification.types import Subject
from registry.domain.identifiers import Format

MAX_SCRIPTS = 10
_LIMITS = Limits(wall_seconds=10, cpu_seconds=8, memory_bytes=512 * 1024 * 1024)


def requests_of(subject: Subject) -> list[tuple[str, RunRequest]]:
    """What can be started, by the name that findings give it."""
    entry = subject.declared.entry_point
    if subject.format is not Format.PYTHON_AGENT:
        suffixes = (".py", ".js", ".mjs", ".cjs")
        scripts = [file.path for file in subject.files if file.path.endswith(suffixes)]
        return [(path, _script(subject, path)) for path in scripts]
    if entry is None or entry.runtime != "python":
        return []
    request = RunRequest(
        artifact=subject.root,
        command=entry.command,
        runtime="python",
        packages=True,
        limits=_LIMITS,
    )
    return [(" ".join(entry.command), request)]


def _script(subject: Subject, path: str) -> RunRequest:
    runtime: Literal["python", "node"] = "python" if path.endswith(".py") else "node"
    return RunRequest(
        artifact=subject.root,
        command=(runtime, f"./{path}"),
        runtime=runtime,
        limits=_LIMITS,
    )
