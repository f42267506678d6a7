"""What a package is built on: components as manifests and lock files name them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from packaging.utils import canonicalize_name

MAX_COMPONENTS = 20_000
_NPM_NAME = re.compile(r"(?:@[a-z0-9~_.-]{1,100}/)?[a-zA-Z0-9~_.-]{1,200}")


class Ecosystem(StrEnum):
    """Package ecosystems by their OSV names (https://ossf.github.io/osv-schema/)."""

    PYPI = "PyPI"
    NPM = "npm"


class Source(StrEnum):
    """Where the bytes of a component come from."""

    REGISTRY = "registry"
    URL = "url"
    VCS = "vcs"
    LOCAL = "local"
    BUNDLED = "bundled"


class LockError(Exception):
    """A manifest or lock file that cannot be read; the message is one sentence that names it."""


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """One dependency. `version` is exact where `constraint` is empty; else the constraint is what
    the manifest asks for, in the ecosystem's own words, and `version` is empty."""

    ecosystem: Ecosystem
    name: str  # normalised as the ecosystem does
    version: str
    constraint: str
    path: str  # the file that names it
    source: Source = Source.REGISTRY
    hashed: bool = False  # the file holds a digest of its bytes
    line: int = 0  # 1-based, 0 where the format has no lines worth naming

    @property
    def purl(self) -> str:
        """Its package URL, without a version where none is fixed."""
        kind = self.ecosystem.value.lower()
        name = "/".join(quote(part, safe="") for part in self.name.split("/"))
        return f"pkg:{kind}/{name}" + (
            f"@{quote(self.version, safe='.-_~')}" if self.version else ""
        )


def normalised(ecosystem: Ecosystem, name: str) -> str:
    """The name as the ecosystem compares it (PEP 503; npm names as they are)."""
    return canonicalize_name(name) if ecosystem is Ecosystem.PYPI else name


def is_npm_name(name: str) -> bool:
    """Whether npm would take it for a package name."""
    return _NPM_NAME.fullmatch(name) is not None


def is_npm_version(version: str) -> bool:
    """Whether it names one version and no range."""
    return re.fullmatch(r"v?\d+\.\d+\.\d+(?:[-+][\w.+-]+)?", version, re.ASCII) is not None
