"""The only doors out of a check: what it may ask of the world, as Protocols."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias


class SandboxUnavailableError(Exception):
    """No back-end on this machine can isolate; nothing may be certified by running it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run; seconds, bytes and counts."""

    wall_seconds: float = 30.0
    cpu_seconds: int = 20
    memory_bytes: int = 1024 * 1024 * 1024
    processes: int = 128
    output_bytes: int = 2 * 1024 * 1024
    workspace_bytes: int = 64 * 1024 * 1024
    file_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileAccess:
    """A path the guest named, absolute as the room shows it. `target` is the other name of a
    rename or link. It was asked for; whether it was granted is not known."""

    process: int  # ordinal of the process within its run, from 1
    path: str
    intent: Literal["read", "write", "delete", "rename", "link", "make", "mode"]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Execution:
    """A program the guest asked to be started, with at most 64 arguments."""

    process: int
    path: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """An address the guest used; `first_bytes` are what it sent with the address, at most 256."""

    process: int
    action: Literal["connect", "bind", "send"]
    family: Literal["inet", "inet6", "unix", "netlink", "other"]
    address: str
    port: int = 0
    first_bytes: bytes = b""


@dataclass(frozen=True, slots=True)
class NameLookup:
    """A name the guest asked a DNS server for, in lower case."""

    process: int
    name: str


@dataclass(frozen=True, slots=True)
class PrivilegeAttempt:
    """A system call that no honest artifact makes. It was refused, except for signals: those
    reach nobody outside the room."""

    process: int
    call: str  # its name in the kernel, e.g. "ptrace"
    detail: str = ""


Event: TypeAlias = FileAccess | Execution | Connection | NameLookup | PrivilegeAttempt


@dataclass(frozen=True, slots=True)
class ObservedTool:
    """A tool as the running MCP server listed it; `definition` is its whole JSON."""

    name: str
    definition: dict[str, object]


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call to make of a running server's tool."""

    tool: str
    arguments: dict[str, object]


@dataclass(frozen=True, slots=True)
class ObservedCall:
    """A call and its answer: `content` is its text, bounded; `failed` when the server said so, or
    said nothing in time."""

    tool: str
    arguments: dict[str, object]
    failed: bool
    content: str


#: Which calls to make of the tools that a server lists; pure, and a module's own function.
Planner: TypeAlias = Callable[[tuple[ObservedTool, ...]], tuple[PlannedCall, ...]]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run in a fresh room. `artifact` is mounted read-only at /artifact.

    `command` is run with /artifact as working folder; its first word `python` or `node` is the
    room's own runtime. `protocol` "mcp" speaks the MCP handshake over stdio and lists tools;
    "none" waits for the exit. `packages` asks for the artifact's declared dependencies to be
    prepared first, from its own manifests. `script` is source of our own, readable in the room
    at /assay/script.py.
    """

    artifact: Path
    command: tuple[str, ...]
    runtime: Literal["python", "node", "none"]
    protocol: Literal["none", "mcp"] = "none"
    plan: Planner | None = None  # calls to make after the tools are listed; "mcp" only
    script: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    packages: bool = False
    model_libraries: bool = False  # numpy and onnxruntime on the room's Python path
    observe: bool = False  # record what it does as events; some 40 ms, and 0.1 ms an event
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Observation:
    """What one run did. `breached` names the limit that ended it, if one did."""

    isolation: str  # for example "bubblewrap+seccomp"
    exit_code: int | None
    stdout: str  # bounded, undecodable bytes replaced
    stderr: str
    seconds: float
    breached: str = ""
    handshake: bool = False
    protocol_version: str = ""
    server_name: str = ""
    tools: tuple[ObservedTool, ...] = ()
    calls: tuple[ObservedCall, ...] = ()  # of the request's plan, as far as there was time
    instructions: str = ""  # what the MCP server tells every model that uses it, bounded
    error: str = ""  # why the run says nothing, e.g. dependencies could not be prepared
    events: tuple[Event, ...] = ()  # each once, in order of first appearance
    events_cut: bool = False  # more happened than `events` tells


class Sandbox(Protocol):
    """An isolated, observed, ephemeral room."""

    def run(self, request: RunRequest) -> Observation:
        """Run once and leave nothing behind; raises SandboxUnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class Provenance:
    """A verified statement about who built or signed an artifact."""

    identity: str
    issuer: str
    predicate_type: str
    source_repository: str = ""
    source_commit: str = ""


class ProvenanceInvalidError(Exception):
    """The bundle does not prove what was claimed; the message says which part failed."""


class ProvenanceVerifier(Protocol):
    """Verifies a publisher's sigstore bundle offline against identity and issuer."""

    def verify(self, *, artifact: Path, bundle: bytes, identity: str, issuer: str) -> Provenance:
        """What the bundle proves about the artifact; raises ProvenanceInvalidError."""
        ...


@dataclass(frozen=True, slots=True)
class ApprovedTools:
    """The tools of an approved version: name to sha256:<hex> of the definition, as written in its
    files and as its running server listed them. None: that was not observed."""

    version: str
    written: Mapping[str, str] | None
    listed: Mapping[str, str] | None


class Catalogue(Protocol):
    """What the catalogue holds beside the version that is judged."""

    def names(self) -> Sequence[str]:
        """`namespace/name` of every public package of other organisations, at most 100,000."""
        ...

    def approved_tools(self) -> ApprovedTools | None:
        """Those of the last approved version of the same package; None when there is none."""
        ...


class Memo(Protocol):
    """Remembers what checks said of a file's bytes. It may forget at any time.

    Answers are results as JSON values; keys are those of `certification.memo`.
    """

    def recall(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The answers that are remembered, by key."""
        ...

    def remember(self, answers: Mapping[str, dict[str, Any]]) -> None:
        """Keep these answers; one that is there already stays."""
        ...


@dataclass(frozen=True, slots=True)
class SignedBundle:
    """A sigstore bundle v0.3 as canonical bytes, and where the log holds it.

    `timestamp` is the DER of an RFC 3161 TimeStampResp over the signature in the bundle, empty
    when the authority gives none apart (docs/adr/0005).
    """

    bundle: bytes
    log_index: int
    timestamp: bytes = b""


class Signer(Protocol):
    """Signs an in-toto Statement into a sigstore bundle and logs it."""

    def sign(self, statement: bytes) -> SignedBundle:
        """Sign and log; the bundle has been verified with both time sources before it returns."""
        ...

    def trusted_root(self) -> bytes:
        """Sigstore trusted_root.json that verifies what this signer makes."""
        ...

    def trust_config(self) -> bytes:
        """Sigstore ClientTrustConfig JSON for `sigstore --trust-config`."""
        ...

    def identity(self) -> str:
        """Subject alternative name in the leaf certificates, e.g. https://host/certifier."""
        ...

    def issuer(self) -> str:
        """OIDC issuer in the leaf certificates."""
        ...


@dataclass(frozen=True, slots=True)
class AdvisorySnapshot:
    """What is known of advisories: `digest` names the records, `imported_at` says since when."""

    digest: str  # sha256:<hex>
    imported_at: datetime
    newest: str  # RFC 3339, when the newest record was modified
    records: int


@dataclass(frozen=True, slots=True)
class PackageVersion:
    """An exact release: ecosystem by its OSV name, name as the ecosystem normalises it."""

    ecosystem: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class KnownProblem:
    """An advisory that affects a component. `fixed` is the version that mends it, or empty."""

    advisory: str
    aliases: tuple[str, ...]
    summary: str
    severity: str  # critical, high, medium, low or unknown
    malicious: bool
    fixed: str


class AdvisoryFeed(Protocol):
    """Known vulnerabilities and malicious packages, as of one snapshot."""

    def snapshot(self) -> AdvisorySnapshot | None:
        """The newest snapshot; None when nothing was ever imported."""
        ...

    def is_stale(self) -> bool:
        """Whether the newest snapshot is older than this installation tolerates, or absent."""
        ...

    def problems(
        self, packages: Iterable[PackageVersion]
    ) -> dict[PackageVersion, list[KnownProblem]]:
        """The problems of those that have any, gravest first."""
        ...
