"""A sandbox that runs each thing once, however many checks ask about the same run."""

from dataclasses import dataclass, field

from certification.ports import Observation, RunRequest, Sandbox


@dataclass(slots=True)
class Once:
    """`certification.ports.Sandbox` around another, for the time of one certification."""

    inner: Sandbox
    _seen: dict[RunRequest, Observation] = field(default_factory=dict)

    def run(self, request: RunRequest) -> Observation:
        """See the port; an equal request is answered by what was seen before."""
        if request not in self._seen:
            self._seen[request] = self.inner.run(request)
        return self._seen[request]
