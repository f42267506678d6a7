"""What a publisher declares about a package, whatever format it was written in."""

from dataclasses import asdict, dataclass, field

from registry.domain.identifiers import Format


@dataclass(frozen=True, slots=True)
class Permissions:
    """Declared needs; an empty tuple declares that nothing of that sort is needed."""

    network: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    execute: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, list[str]]:
        """JSON shape: each need to a sorted list."""
        return {name: sorted(getattr(self, name)) for name in PERMISSION_NAMES}


PERMISSION_NAMES = ("network", "read", "write", "environment", "execute")


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """How the thing is started: `command` relative to the package root, under `runtime`."""

    runtime: str  # "python" | "node" | "none"
    command: tuple[str, ...]
    transport: str = "stdio"


@dataclass(frozen=True, slots=True)
class ProvenanceClaim:
    """A sigstore bundle among the published files, what it covers, and who is said to have made
    it. Paths are relative to the published files."""

    bundle: str
    artifact: str
    identity: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Identity and needs of one version. Strings are as declared, unescaped, bounded in length."""

    format: Format
    name: str = ""
    version: str = ""
    title: str = ""
    summary: str = ""
    licence: str = ""
    homepage: str = ""
    base_model: str = ""
    entry_point: EntryPoint | None = None
    tools: tuple[str, ...] = ()
    permissions: Permissions = field(default_factory=Permissions)
    permissions_declared: bool = False
    provenance: ProvenanceClaim | None = None
    source: str = ""  # the file the declaration was read from
    readme: str = ""  # Markdown, bounded

    def as_dict(self) -> dict[str, object]:
        """JSON shape stored with the version and shown by every face."""
        entry = self.entry_point
        return {
            "format": self.format.value,
            "name": self.name,
            "version": self.version,
            "title": self.title,
            "summary": self.summary,
            "licence": self.licence,
            "homepage": self.homepage,
            "base_model": self.base_model,
            "entry_point": None
            if entry is None
            else {
                "runtime": entry.runtime,
                "command": list(entry.command),
                "transport": entry.transport,
            },
            "tools": list(self.tools),
            "permissions": self.permissions.as_dict(),
            "permissions_declared": self.permissions_declared,
            "provenance": None if self.provenance is None else asdict(self.provenance),
            "source": self.source,
            "readme": self.readme,
        }


def from_dict(data: dict[str, object]) -> Descriptor:
    """The inverse of `Descriptor.as_dict`, for rows this program wrote itself."""
    plain = {
        name: str(data.get(name, ""))
        for name in (
            "name", "version", "title", "summary", "licence", "homepage",
            "base_model", "source", "readme",
        )
    }  # fmt: skip
    entry = data.get("entry_point")
    needs = data.get("permissions")
    tools = data.get("tools")
    claim = data.get("provenance")
    return Descriptor(
        format=Format(str(data["format"])),
        entry_point=EntryPoint(
            runtime=str(entry["runtime"]),
            command=tuple(str(part) for part in entry["command"]),
            transport=str(entry["transport"]),
        )
        if isinstance(entry, dict)
        else None,
        tools=tuple(str(tool) for tool in tools) if isinstance(tools, list) else (),
        permissions=Permissions(**{k: tuple(v) for k, v in needs.items()})
        if isinstance(needs, dict)
        else Permissions(),
        permissions_declared=bool(data.get("permissions_declared")),
        provenance=ProvenanceClaim(**claim) if isinstance(claim, dict) else None,
        **plain,
    )
