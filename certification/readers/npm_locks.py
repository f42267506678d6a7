"""Dependencies of Node projects: package.json, and the lock files of npm, yarn and pnpm."""

import re
from collections.abc import Iterator

from certification.readers.components import (
    Component,
    Ecosystem,
    Source,
    is_npm_name,
    is_npm_version,
)
from certification.readers.lock_text import json_table, table, yaml_table

_MAX_NESTING = 100
_ENTRY = re.compile(r'^"?(@?[^@"\s,][^@",]*)@')
_VERSION = re.compile(r'^  "?version"?:? "?([^"\s]+)"?\s*$')
_INTEGRITY = re.compile(r"^  (?:integrity|checksum):? ")
_PNPM = re.compile(r"/?(@?[^@(]+)@([^(]+)")


def package_json(path: str, text: str) -> Iterator[Component]:
    """Run-time dependencies; those of development are not shipped. Below `node_modules` the
    package itself is the component: it is bundled."""
    document = json_table(path, text)
    if "node_modules/" in path:
        name, version = str(document.get("name", "")), str(document.get("version", ""))
        if is_npm_name(name) and is_npm_version(version):
            yield Component(Ecosystem.NPM, name, version, "", path, Source.BUNDLED)
        return
    for key in ("dependencies", "optionalDependencies"):
        for name, asked in table(document.get(key)).items():
            if is_npm_name(name):
                yield _asked(path, name, str(asked)[:300])


def package_lock(path: str, text: str) -> Iterator[Component]:
    """package-lock.json and npm-shrinkwrap.json, versions 1 to 3."""
    document = json_table(path, text)
    packages = table(document.get("packages"))
    if not packages:
        yield from _nested(path, document, 0)
    for where, entry in packages.items():
        locked = table(entry)
        if where.startswith("node_modules/") or "/node_modules/" in where:
            name = str(locked.get("name") or where.rpartition("node_modules/")[2])
            if not locked.get("dev") and not locked.get("link"):
                yield from _locked(path, name, locked)


def yarn_lock(path: str, text: str) -> Iterator[Component]:
    """yarn.lock of version 1 and of Berry: blocks that begin with `name@range`."""
    name, version, hashed, started = "", "", False, 0
    for number, line in enumerate([*text.splitlines(), "end"], 1):
        if line and not line[0].isspace() and not line.startswith("#"):
            if is_npm_name(name) and is_npm_version(version):
                yield Component(Ecosystem.NPM, name, version, "", path, hashed=hashed, line=started)
            found = _ENTRY.match(line)
            name, version, hashed, started = found[1] if found else "", "", False, number
        elif found := _VERSION.match(line):
            version = found[1]
        elif _INTEGRITY.match(line):
            hashed = True


def pnpm_lock(path: str, text: str) -> Iterator[Component]:
    """pnpm-lock.yaml: keys `name@version`, or `/name@version` before version 9."""
    for key, entry in table(yaml_table(path, text).get("packages")).items():
        found = _PNPM.match(key)
        if found and is_npm_name(found[1]) and is_npm_version(found[2]):
            hashed = bool(table(table(entry).get("resolution")).get("integrity"))
            yield Component(Ecosystem.NPM, found[1], found[2], "", path, hashed=hashed)


def _nested(path: str, document: dict[str, object], depth: int) -> Iterator[Component]:
    if depth > _MAX_NESTING:
        return
    for name, entry in table(document.get("dependencies")).items():
        locked = table(entry)
        if not locked.get("dev"):
            yield from _locked(path, name, locked)
            yield from _nested(path, locked, depth + 1)


def _locked(path: str, name: str, locked: dict[str, object]) -> Iterator[Component]:
    version, where = str(locked.get("version", "")), str(locked.get("resolved", ""))
    if not is_npm_name(name):
        return
    source = _source(where) if where else _source(version)
    exact = version if is_npm_version(version) else ""
    constraint = "" if exact else (where or version)[:300] or "*"
    hashed = bool(locked.get("integrity"))
    yield Component(Ecosystem.NPM, name, exact, constraint, path, source, hashed)


def _asked(path: str, name: str, asked: str) -> Component:
    alias = re.fullmatch(r"npm:(@?[^@]+)@(.+)", asked)
    if alias and is_npm_name(alias[1]):
        name, asked = alias[1], alias[2]
    exact = asked.removeprefix("=") if is_npm_version(asked.removeprefix("=")) else ""
    return Component(
        Ecosystem.NPM, name, exact, "" if exact else asked or "*", path, _source(asked)
    )


def _source(asked: str) -> Source:
    if asked.startswith(("git", "github:", "gitlab:", "bitbucket:")):
        return Source.VCS
    if asked.startswith(("http://", "https://")):
        on_registry = re.match(r"https://[^/]+/(?:@[^/]+/)?[^/]+/-/[^/]+\.tgz$", asked)
        return Source.REGISTRY if on_registry else Source.URL
    if asked.startswith(("file:", "link:", "workspace:", ".", "/")):
        return Source.LOCAL
    return Source.VCS if re.fullmatch(r"[\w.-]+/[\w.-]+(?:#.*)?", asked) else Source.REGISTRY
