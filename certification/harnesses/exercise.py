"""Runs a subject as its kind asks for: every check that wants to see it run sees the same runs."""

from collections.abc import Iterator

from certification.harnesses import agent, model, script, server
from certification.ports import Observation, Sandbox
from certification.types import Subject
from registry.domain.identifiers import Format

SERVERS = frozenset({Format.MCP_SERVER, Format.MCPB})
SCRIPTED = frozenset({Format.SKILL, Format.PLUGIN})
RUNNABLE = frozenset({*SERVERS, *SCRIPTED, *model.LOADERS, Format.PYTHON_AGENT})


def runs_of(subject: Subject, sandbox: Sandbox) -> Iterator[tuple[str, Observation]]:
    """(label, what was seen) of each run, in a stable order; nothing where nothing can be started.

    Raises SandboxUnavailableError.
    """
    if subject.format in model.LOADERS:
        yield from model.loads(subject, sandbox)
        return
    if subject.format in SERVERS:
        request = server.request_of(subject)
        requests = [] if request is None else [("server", request)]
    elif subject.format is Format.PYTHON_AGENT:
        requests = agent.requests_of(subject)
    else:
        requests = script.requests_of(subject)[: script.MAX_SCRIPTS]
    for label, wanted in requests:
        yield label, sandbox.run(wanted)
