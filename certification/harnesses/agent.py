"""Python agents: started beside a model that follows a script, so that they can ask somebody."""

import json
from pathlib import Path

from certification.ports import Limits, Observation, RunRequest
from certification.types import Subject

_GUEST = Path(__file__).parent / "guests" / "agent_run.py"
_LIMITS = Limits(wall_seconds=15, cpu_seconds=10, memory_bytes=512 * 1024 * 1024)
_MAX_TURNS = 40
#: How the last line of stderr begins that the guest program writes.
TRANSCRIPT = '{"assayTurns":'


def requests_of(subject: Subject) -> list[tuple[str, RunRequest]]:
    """The one run of the agent, by the words that start it; empty when it declares none."""
    entry = subject.declared.entry_point
    if entry is None or entry.runtime != "python":
        return []
    request = RunRequest(
        artifact=subject.root,
        command=("python", "/assay/script.py", *entry.command),
        runtime="python",
        script=_GUEST.read_text(encoding="utf-8"),
        environment=(("OPENAI_API_KEY", "scripted"), ("ANTHROPIC_API_KEY", "scripted")),
        packages=True,
        observe=True,
        limits=_LIMITS,
    )
    return [(" ".join(entry.command), request)]


def turns_of(seen: Observation) -> list[object]:
    """What the agent asked the scripted model and was answered, one item a turn; empty when it
    asked nothing. A guest could forge these lines: they are a transcript, never a judgement."""
    for line in reversed(seen.stderr.splitlines()):
        if line.startswith(TRANSCRIPT):
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                return []
            turns = said["assayTurns"]
            return turns[:_MAX_TURNS] if isinstance(turns, list) else []
    return []
