"""Skills and plugins: every script they bring is started once, without arguments."""

from typing import Literal

from certification.ports import Limits, RunRequest
from certification.types import Subject

MAX_SCRIPTS = 10
_LIMITS = Limits(wall_seconds=10, cpu_seconds=8, memory_bytes=512 * 1024 * 1024)
_SUFFIXES = (".py", ".js", ".mjs", ".cjs")


def requests_of(subject: Subject) -> list[tuple[str, RunRequest]]:
    """What can be started, by the name that findings give it."""
    scripts = [file.path for file in subject.files if file.path.endswith(_SUFFIXES)]
    return [(path, _script(subject, path)) for path in scripts]


def _script(subject: Subject, path: str) -> RunRequest:
    runtime: Literal["python", "node"] = "python" if path.endswith(".py") else "node"
    return RunRequest(
        artifact=subject.root,
        command=(runtime, f"./{path}"),
        runtime=runtime,
        observe=True,
        limits=_LIMITS,
    )
