"""Doors that open onto nothing real: they satisfy the Protocols of `certification.ports`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from certification.ports import (
    ApprovedTools,
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


@dataclass
class FakeCatalogue:
    """Holds these names, and this approved version."""

    known: tuple[str, ...] = ()
    approved: ApprovedTools | None = None

    def names(self) -> Sequence[str]:
        return self.known

    def approved_tools(self) -> ApprovedTools | None:
        return self.approved


@dataclass
class FakeMemo:
    """Remembers everything."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def recall(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {key: self.answers[key] for key in keys if key in self.answers}

    def remember(self, answers: Mapping[str, dict[str, Any]]) -> None:
        self.answers = {**answers, **self.answers}


class NoProvenance:
    """Believes nobody."""

    def verify(self, **claim: object) -> Provenance:
        raise ProvenanceInvalidError("nothing is proven here")
