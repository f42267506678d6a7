"""Dependencies of Python projects: requirements, pyproject, and the lock files of five tools."""

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from certification.readers.components import Component, Ecosystem, LockError, Source, normalised
from certification.readers.lock_text import array, json_table, strings, table, toml_table

_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_OPTION = re.compile(r"\s--?[a-zA-Z]")
_VCS = ("git+", "hg+", "svn+", "bzr+")


def requirements(path: str, text: str) -> Iterator[Component]:
    """A pip requirements file; other files it includes are read by their own names."""
    number = 1
    for logical in _CONTINUED.sub("\0", text).splitlines():
        line = _COMMENT.sub("", logical.replace("\0", " ")).strip()
        if line and not line.startswith("-"):
            yield from _requirement(path, _OPTION.split(line)[0].strip(), number, "--hash" in line)
        elif line.startswith(("-e", "--editable")):
            yield from _editable(path, line.partition(" ")[2].strip(" ="), number)
        number += 1 + logical.count("\0")


def pyproject(path: str, text: str) -> Iterator[Component]:
    """`[project]` dependencies (PEP 621), optional ones, and Poetry's own table."""
    document = toml_table(path, text)
    project = table(document.get("project"))
    wanted = strings(project.get("dependencies"))
    for group in table(project.get("optional-dependencies")).values():
        wanted += strings(group)
    for one in wanted:
        yield from _requirement(path, one, 0, hashed=False)
    poetry = table(table(table(document.get("tool")).get("poetry")).get("dependencies"))
    for name, asked in poetry.items():
        if name != "python":
            yield _asked(path, name, asked)


def uv_lock(path: str, text: str) -> Iterator[Component]:
    """uv.lock: `[[package]]` with a source table."""
    for package in array(toml_table(path, text).get("package")):
        source = table(package.get("source"))
        if {"virtual", "editable"} & set(source):
            continue  # the project itself
        hashed = bool(package.get("sdist") or package.get("wheels"))
        yield _locked(path, package, _uv_source(source), hashed=hashed)


def toml_lock(path: str, text: str) -> Iterator[Component]:
    """poetry.lock, pdm.lock and pylock.toml (PEP 751): packages with files and hashes."""
    document = toml_table(path, text)
    for package in array(document.get("package") or document.get("packages")):
        hashed = any(
            entry.get("hash") or entry.get("hashes")
            for key in ("files", "wheels")
            for entry in array(package.get(key))
        )
        source = table(package.get("source"))
        where = Source.VCS if source.get("type") == "git" or "vcs" in package else Source.REGISTRY
        yield _locked(path, package, where, hashed=hashed)


def pipfile_lock(path: str, text: str) -> Iterator[Component]:
    """Pipfile.lock: the default group."""
    for name, entry in table(json_table(path, text).get("default")).items():
        locked = table(entry)
        version = str(locked.get("version", "")).removeprefix("==")
        where = Source.VCS if "git" in locked else Source.REGISTRY
        hashed = bool(locked.get("hashes"))
        yield _component(path, name, version=version, source=where, hashed=hashed)


def metadata(path: str, text: str) -> Iterator[Component]:
    """`Requires-Dist` of a wheel's METADATA or an sdist's PKG-INFO."""
    for line in text.partition("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == "requires-dist" and "extra ==" not in value:
            yield from _requirement(path, value.strip(), 0, hashed=False)


def _requirement(path: str, text: str, line: int, hashed: bool) -> Iterator[Component]:  # noqa: FBT001 — read off the line
    try:
        asked = Requirement(text)
    except InvalidRequirement as fault:
        if text.startswith((*_VCS, "http://", "https://", ".", "/")):
            yield from _editable(path, text, line)
            return
        raise LockError(f"{path} names a dependency that cannot be read: {text[:80]!r}.") from fault
    source = _source_of(asked.url or "")
    pins = [one.version for one in asked.specifier if one.operator in {"==", "==="}]
    exact = pins[0] if pins and "*" not in pins[0] and len(asked.specifier) == 1 else ""
    yield _component(
        path,
        asked.name,
        version=exact,
        constraint="" if exact else str(asked.specifier) or (asked.url or "*"),
        source=source,
        hashed=hashed,
        line=line,
    )


def _editable(path: str, where: str, line: int) -> Iterator[Component]:
    """A dependency that is an address or a folder: its name is not known before it is fetched."""
    name = re.search(r"[#&]egg=([\w.-]+)", where)
    last = name[1] if name else re.split(r"[/\\]", where.rstrip("/"))[-1].split("@")[0]
    yield _component(path, last or "unnamed", constraint=where, source=_source_of(where), line=line)


def _source_of(where: str) -> Source:
    if not where:
        return Source.REGISTRY
    if where.startswith(_VCS):
        return Source.VCS
    return Source.URL if where.startswith(("http://", "https://")) else Source.LOCAL


def _uv_source(source: dict[str, object]) -> Source:
    if "git" in source:
        return Source.VCS
    if "url" in source:
        return Source.URL
    return Source.LOCAL if "path" in source or "directory" in source else Source.REGISTRY


def _asked(path: str, name: str, asked: object) -> Component:
    """A line of Poetry's dependency table: a constraint, or a table with one."""
    given = asked if isinstance(asked, dict) else {"version": asked}
    where = Source.VCS if "git" in given else Source.URL if "url" in given else Source.REGISTRY
    where = Source.LOCAL if "path" in given else where
    return _component(path, name, constraint=str(given.get("version") or "*"), source=where)


def _locked(path: str, package: dict[str, object], where: Source, *, hashed: bool) -> Component:
    name, version = str(package.get("name", "")), str(package.get("version", ""))
    return _component(path, name, version=version, source=where, hashed=hashed)


def _component(path: str, name: str, *, version: str = "", **known: object) -> Component:
    known.setdefault("constraint", "" if version else "*")
    return Component(
        Ecosystem.PYPI,
        normalised(Ecosystem.PYPI, name[:200]),
        version[:100],
        str(known.pop("constraint"))[:300],
        path,
        **known,  # type: ignore[arg-type]  # the fields by their own names
    )
