"""assay.toml: what a publisher adds to, or says instead of, the format's own manifest."""

from dataclasses import replace
from typing import Any

from certification.readers.formats.naming import suggested_name
from certification.readers.manifest_text import ManifestError, has, table, text, texts, toml_table
from certification.readers.tree import FileTree
from registry.domain.descriptor import (
    PERMISSION_NAMES,
    Descriptor,
    EntryPoint,
    Permissions,
    ProvenanceClaim,
)
from registry.domain.identifiers import Format

MANIFEST = "assay.toml"
_RUNTIMES = frozenset({"python", "node", "none"})
_PLAIN = ("version", "title", "summary", "licence", "homepage", "base_model")


def declared_format(tree: FileTree) -> Format | None:
    """The format assay.toml names, if any; raises ManifestError."""
    if not has(tree, MANIFEST):
        return None
    named = text(table(toml_table(tree, MANIFEST).get("package")).get("format"))
    if not named:
        return None
    try:
        return Format(named)
    except ValueError as fault:
        known = ", ".join(item.value for item in Format)
        raise ManifestError(
            f"assay.toml: “{named[:40]}” is no format; use one of {known}."
        ) from fault


def applied(tree: FileTree, found: Descriptor) -> Descriptor:
    """The descriptor with what assay.toml says laid over it; raises ManifestError."""
    if not has(tree, MANIFEST):
        return found
    data = toml_table(tree, MANIFEST)
    package = table(data.get("package"))
    said: dict[str, Any] = {key: text(package.get(key)) for key in _PLAIN if key in package}
    name = suggested_name(text(package.get("name")))
    entry = _entry(table(data["entry"])) if "entry" in data else found.entry_point
    found = replace(
        found,
        name=name or found.name,
        entry_point=entry,
        provenance=_provenance(table(data["provenance"])) if "provenance" in data else None,
        **said,
    )
    if "permissions" not in data:
        return found
    return replace(
        found, permissions=_permissions(table(data["permissions"])), permissions_declared=True
    )


def _entry(data: dict[str, object]) -> EntryPoint:
    runtime, command = text(data.get("runtime")), texts(data.get("command"))
    if runtime not in _RUNTIMES:
        raise ManifestError("assay.toml: entry.runtime must be python, node or none.")
    if not command:
        raise ManifestError("assay.toml: entry.command must be a list of words.")
    if runtime != "none" and command[0] != runtime:
        command = (runtime, *command)
    return EntryPoint(runtime, command, text(data.get("transport")) or "stdio")


def _provenance(data: dict[str, object]) -> ProvenanceClaim:
    bundle, identity, issuer = (text(data.get(k)) for k in ("bundle", "identity", "issuer"))
    artifact = text(data.get("artifact")) or bundle.removesuffix(".json").removesuffix(".sigstore")
    if not (bundle and identity and issuer) or artifact == bundle:
        raise ManifestError(
            "assay.toml: provenance needs bundle (NAME.sigstore.json, or artifact besides), "
            "identity and issuer."
        )
    return ProvenanceClaim(bundle, artifact, identity, issuer)


def _permissions(data: dict[str, object]) -> Permissions:
    unknown = sorted(set(data) - set(PERMISSION_NAMES))
    if unknown:
        raise ManifestError(f"assay.toml: permissions has no “{unknown[0][:40]}”.")
    return Permissions(**{key: texts(value) for key, value in data.items()})
