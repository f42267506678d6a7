"""Names, versions, digests and paths: what is a legal one, decided in one place."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

NAMESPACE_PATTERN = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
NAME_PATTERN = r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?"
VERSION_PATTERN = r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}"
DIGEST_PATTERN = r"sha256:[0-9a-f]{64}"

# https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string
_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?",
    re.ASCII,
)
_NAMESPACE = re.compile(NAMESPACE_PATTERN, re.ASCII)
_NAME = re.compile(NAME_PATTERN, re.ASCII)
_VERSION = re.compile(VERSION_PATTERN, re.ASCII)
_DIGEST = re.compile(DIGEST_PATTERN, re.ASCII)

#: First path segments the web faces own; no namespace may take one.
RESERVED_NAMESPACES = frozenset(
    {
        "accounts", "admin", "api", "assay", "catalogue", "certificates", "compare", "docs",
        "healthz", "media", "metrics", "organisations", "portal", "readyz", "review", "search",
        "simple", "static", "trust", "v0", "v2", "well-known",
    }
)  # fmt: skip

MAX_PATH_CHARACTERS = 512
MAX_PATH_DEPTH = 24
MAX_SEGMENT_BYTES = 255
MAX_VERSION_CHARACTERS = 64


class InvalidIdentifierError(ValueError):
    """A name, version, digest or path that Assay does not accept; the message says why."""


class Kind(StrEnum):
    AGENT = "agent"
    MODEL = "model"


class Format(StrEnum):
    MCP_SERVER = "mcp-server"
    MCPB = "mcpb"
    SKILL = "skill"
    PLUGIN = "plugin"
    PYTHON_AGENT = "python-agent"
    SAFETENSORS = "safetensors"
    GGUF = "gguf"
    ONNX = "onnx"
    PYTORCH = "pytorch"
    PICKLE = "pickle"
    JOBLIB = "joblib"
    KERAS = "keras"
    MODEL_FOLDER = "model-folder"

    @property
    def kind(self) -> Kind:
        """Whether things of this format act (agent) or are weights (model)."""
        return Kind.AGENT if self in _AGENT_FORMATS else Kind.MODEL


_AGENT_FORMATS = frozenset(
    {Format.MCP_SERVER, Format.MCPB, Format.SKILL, Format.PLUGIN, Format.PYTHON_AGENT}
)


@dataclass(frozen=True, slots=True)
class PackageName:
    """`namespace/name`."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def parse_package_name(text: str) -> PackageName:
    """Split and check `namespace/name`; raises InvalidIdentifierError."""
    namespace, slash, name = text.partition("/")
    if not slash:
        raise InvalidIdentifierError(f"“{text[:80]}” is not of the form namespace/name.")
    return PackageName(check_namespace(namespace), check_name(name))


def check_namespace(text: str) -> str:
    """The namespace itself when legal and not reserved; raises InvalidIdentifierError."""
    if not _NAMESPACE.fullmatch(text):
        raise InvalidIdentifierError(
            f"“{text[:80]}” is not a namespace: use 1-40 lower-case letters, digits "
            "and inner hyphens."
        )
    if text in RESERVED_NAMESPACES:
        raise InvalidIdentifierError(f"The namespace “{text}” is reserved.")
    return text


def check_name(text: str) -> str:
    """The package name itself when legal; raises InvalidIdentifierError."""
    if not _NAME.fullmatch(text):
        raise InvalidIdentifierError(
            f"“{text[:80]}” is not a package name: use 1-100 lower-case letters, digits, "
            "and inner dots, underscores or hyphens."
        )
    return text


def check_version(text: str, kind: Kind) -> str:
    """The version itself when legal: SemVer 2.0 for agents, any short tag for models."""
    if kind is Kind.AGENT and not (len(text) <= MAX_VERSION_CHARACTERS and _SEMVER.fullmatch(text)):
        raise InvalidIdentifierError(
            f"“{text[:80]}” is not a SemVer version, which agents need (for example 1.4.0)."
        )
    if not _VERSION.fullmatch(text):
        raise InvalidIdentifierError(
            f"“{text[:80]}” is not a version: use 1-64 letters, digits, dots, +, _ and -."
        )
    return text


def check_digest(text: str) -> str:
    """The digest itself when of the form sha256:<64 hex>; raises InvalidIdentifierError."""
    if not _DIGEST.fullmatch(text):
        raise InvalidIdentifierError(f"“{text[:80]}” is not a digest of the form sha256:<64 hex>.")
    return text


def check_path(text: str) -> str:
    """A safe relative POSIX path, NFC-normalised; raises InvalidIdentifierError.

    Refuses what would surprise any file system a version is ever placed on: absolute paths,
    `..`, back-slashes, drive letters, control and format characters, empty segments.
    """
    path = unicodedata.normalize("NFC", text)
    reason = _path_fault(path)
    if reason:
        raise InvalidIdentifierError(f"The path {path[:120]!r} {reason}.")
    return path


def _path_fault(path: str) -> str | None:
    segments = path.split("/")
    faults = (
        (not path, "is empty"),
        (len(path) > MAX_PATH_CHARACTERS, f"is longer than {MAX_PATH_CHARACTERS} characters"),
        (len(segments) > MAX_PATH_DEPTH, f"is deeper than {MAX_PATH_DEPTH} folders"),
        (path.startswith("/") or re.match(r"[A-Za-z]:", path) is not None, "is absolute"),
        ("\\" in path, "holds a back-slash"),
        (".." in segments, "climbs out of the package (..)"),
        ("." in segments or "" in segments, "has an empty segment or a lone dot"),
        (
            any(len(s.encode()) > MAX_SEGMENT_BYTES for s in segments),
            "has a segment longer than 255 bytes",
        ),
        (
            any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in path),
            "holds an invisible or control character",
        ),
        (
            any(s.endswith((" ", ".")) for s in segments),
            "has a segment that ends in a dot or space",
        ),
    )
    return next((reason for bad, reason in faults if bad), None)
