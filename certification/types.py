"""The nouns of judging: what a check is given, what it says, and what is made of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from certification.ports import AdvisoryFeed, Catalogue, Memo, ProvenanceVerifier, Sandbox
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format


class Level(StrEnum):
    """SARIF result levels. A warning sends a version to review, an error rejects it."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not-applicable"
    ERRORED = "errored"


class Stage(StrEnum):
    """Stages of the pipeline in order; each has a Celery queue of the same name."""

    SCAN = "scan"
    SANDBOX = "sandbox"
    PROVENANCE = "provenance"


class Decision(StrEnum):
    APPROVE = "approve"
    REVIEW = "review"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Location:
    """Where in the subject: a relative POSIX path, and a 1-based line or a byte offset."""

    path: str
    line: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `rule` is `<check>.<what>`; `standards` are ids such as CWE-502.
    `patch` is a unified diff of `certification.fixes` where the mending is mechanical."""

    rule: str
    level: Level
    message: str
    location: Location | None = None
    fix: str = ""
    standards: tuple[str, ...] = ()
    patch: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was observed, also when all is well. `content` is JSON-serialisable and bounded."""

    name: str
    content: object
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Result:
    """What a check saw. A check that saw something it could not judge raises, or returns
    `incomplete` with the reason: that becomes `errored`, and so human review."""

    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    incomplete: str = ""


@dataclass(frozen=True, slots=True)
class SubjectFile:
    """One regular file below a subject's root: relative POSIX path, size in bytes, and the
    hexadecimal sha256 of its content; empty where only a listing was asked for."""

    path: str
    size: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """One version, unpacked and read-only.

    `root` is the tree to examine: the published files, or the contents of the one published
    archive, which is then `archive`. `unpacked` is false when that archive was not safe to
    unpack; `root` is then empty. `bundles` are sigstore bundles the publisher sent along.
    `recognised` is false when the format is a guess, made only to scan a local path all the same;
    `problems` are sentences on manifests that could not be read.
    """

    name: str
    version: str
    format: Format
    digest: str
    root: Path
    declared: Descriptor
    files: tuple[SubjectFile, ...]
    archive: Path | None = None
    unpacked: bool = True
    bundles: tuple["PublisherBundle", ...] = ()
    recognised: bool = True
    problems: tuple[str, ...] = ()

    def path(self, relative: str) -> Path:
        """The file on disk for a path taken from `files`."""
        return self.root / relative


@dataclass(frozen=True, slots=True)
class PublisherBundle:
    """A publisher's sigstore bundle for one file, and who they say signed it."""

    path: str  # the file it covers, as published
    artifact: Path
    bundle: bytes
    identity: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Tools:
    """The doors out of a check. None means the door is not there (the offline `scan` command)."""

    sandbox: Sandbox | None = None
    provenance: ProvenanceVerifier | None = None
    memo: Memo | None = None
    catalogue: Catalogue | None = None
    advisories: AdvisoryFeed | None = None


@dataclass(frozen=True, slots=True)
class RulePack:
    """Rules as versioned data: `digest` is sha256:<hex> over all files of the pack."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class EachFile:
    """The work of a check that judges every file by itself.

    `judge` is given a file and where its bytes are, and may look at nothing else: its answer is
    remembered for these bytes under this path, and the same bytes are not judged twice. None is
    the answer for a file that is none of the check's business. Evidence comes under the path.
    """

    judge: Callable[[SubjectFile, Path], Result | None]


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `version` goes up whenever its judgement may change; `packs` are the rules it
    goes by, whose digests say when they changed. `why` and `remedy` are sentences for people: what
    the check is good for, and what a publisher does about its findings."""

    id: str
    version: int
    stage: Stage
    title: str
    standards: tuple[str, ...]
    applies_to: Callable[[Subject], bool]
    run: Callable[[Subject, Tools], Result] | EachFile
    packs: tuple[RulePack, ...] = ()
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    check: str
    version: int
    outcome: Outcome
    result: Result = field(default_factory=Result)


@dataclass(frozen=True, slots=True)
class Report:
    """All check reports about the version with this digest, in the order of `checks.ALL`."""

    digest: str
    checks: tuple[CheckReport, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    decision: Decision
    reasons: tuple[str, ...]
    policy: str  # id and version of the policy that decided
