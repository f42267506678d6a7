"""What one version has that another has not: files, permissions, tools."""

from collections.abc import Mapping
from dataclasses import dataclass

from registry.domain.descriptor import Permissions


@dataclass(frozen=True, slots=True)
class Contents:
    """What is compared: path -> digest, declared needs, and tool name -> definition digest."""

    version: str
    files: Mapping[str, str]
    permissions: Permissions
    tools: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """New against `base`; permissions read `network: host`. All tuples are sorted."""

    base: str
    files_added: tuple[str, ...]
    files_removed: tuple[str, ...]
    files_changed: tuple[str, ...]
    permissions_added: tuple[str, ...]
    permissions_removed: tuple[str, ...]
    tools_added: tuple[str, ...]
    tools_removed: tuple[str, ...]
    tools_changed: tuple[str, ...]


def compare(old: Contents, new: Contents) -> Difference:
    """What changed from `old` to `new`."""
    before, after = _needs(old.permissions), _needs(new.permissions)
    return Difference(
        base=old.version,
        files_added=_only(new.files, old.files),
        files_removed=_only(old.files, new.files),
        files_changed=_changed(old.files, new.files),
        permissions_added=tuple(sorted(after - before)),
        permissions_removed=tuple(sorted(before - after)),
        tools_added=_only(new.tools, old.tools),
        tools_removed=_only(old.tools, new.tools),
        tools_changed=_changed(old.tools, new.tools),
    )


def _only(these: Mapping[str, str], those: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(these.keys() - those.keys()))


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in old.keys() & new.keys() if old[name] != new[name]))


def _needs(permissions: Permissions) -> set[str]:
    return {f"{need}: {item}" for need, items in permissions.as_dict().items() for item in items}
