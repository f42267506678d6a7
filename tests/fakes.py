"""Doors that open onto nothing real: they satisfy the Protocols of `certification.ports`."""

from dataclasses import dataclass, field

from certification.ports import (
    Observation,
    ObservedTool,
    Provenance,
    ProvenanceInvalidError,
    RunRequest,
    SandboxUnavailableError,
)


@dataclass
class FakeSandbox:
    """Answers every run alike, and remembers what it was asked."""

    tools: tuple[ObservedTool, ...] = ()
    handshake: bool = True
    exit_code: int | None = 0
    breached: str = ""
    stdout: str = "{}"
    unavailable: bool = False
    requests: list[RunRequest] = field(default_factory=list)

    def run(self, request: RunRequest) -> Observation:
        self.requests.append(request)
        if self.unavailable:
            raise SandboxUnavailableError("This machine cannot isolate.")
        return Observation(
            isolation="fake",
            exit_code=self.exit_code,
            stdout=self.stdout,
            stderr="",
            seconds=0.1,
            breached=self.breached,
            handshake=self.handshake,
            protocol_version="2025-06-18",
            server_name="fake",
            tools=self.tools,
        )


class NoProvenance:
    """Believes nobody."""

    def verify(self, **claim: object) -> Provenance:
        raise ProvenanceInvalidError("nothing is proven here")
