"""Every dependency that a package's manifests and lock files name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from certification.readers import npm_locks, python_locks
from certification.readers.components import MAX_COMPONENTS, Component, LockError
from certification.readers.lock_text import MAX_LOCK_BYTES
from certification.readers.tree import read_part
from certification.types import Subject, SubjectFile

LockReader = Callable[[str, str], Iterator[Component]]
_BY_NAME: dict[str, LockReader] = {
    "pyproject.toml": python_locks.pyproject,
    "uv.lock": python_locks.uv_lock,
    "poetry.lock": python_locks.toml_lock,
    "pdm.lock": python_locks.toml_lock,
    "pylock.toml": python_locks.toml_lock,
    "Pipfile.lock": python_locks.pipfile_lock,
    "METADATA": python_locks.metadata,
    "PKG-INFO": python_locks.metadata,
    "package.json": npm_locks.package_json,
    "package-lock.json": npm_locks.package_lock,
    "npm-shrinkwrap.json": npm_locks.package_lock,
    "yarn.lock": npm_locks.yarn_lock,
    "pnpm-lock.yaml": npm_locks.pnpm_lock,
}
#: Manifests, by the lock files beside them that say more exactly what is meant.
_LOCKS = {
    "package.json": {"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"},
    "pyproject.toml": {"uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock"},
}
_MAX_UNREAD = 20


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Components in a stable order, and a sentence on each file that could not be read."""

    components: tuple[Component, ...]
    unread: tuple[str, ...] = ()


def dependencies_of(subject: Subject) -> Dependencies:
    """What the subject's files name; never raises for what is in them."""
    return _read(subject.root, subject.files)


@lru_cache(maxsize=2)  # several checks ask for the same subject, one after the other
def _read(root: Path, files: tuple[SubjectFile, ...]) -> Dependencies:
    found: set[Component] = set()
    unread: list[str] = []
    for file in files:
        reader = _reader(file.path)
        if reader is None:
            continue
        try:
            text = _text(file.path, root / file.path)
            found.update(islice(reader(file.path, text), MAX_COMPONENTS + 1))
        except LockError as fault:
            unread.append(str(fault))
        if len(found) > MAX_COMPONENTS or len(unread) > _MAX_UNREAD:
            unread.append(f"Only {MAX_COMPONENTS} dependencies are read.")
            break
    return Dependencies(tuple(sorted(found)[:MAX_COMPONENTS]), tuple(unread))


def resolved(components: tuple[Component, ...]) -> tuple[Component, ...]:
    """The components, without the wishes of a manifest that a lock file beside it answers."""
    files = {component.path for component in components}
    answered = {
        path
        for path in files
        if any(_beside(path, lock) in files for lock in _LOCKS.get(path.rpartition("/")[2], ()))
    }
    return tuple(one for one in components if one.path not in answered or one.version)


def _beside(path: str, name: str) -> str:
    folder, slash, _ = path.rpartition("/")
    return f"{folder}{slash}{name}"


def _reader(path: str) -> LockReader | None:
    name = path.rpartition("/")[2]
    in_folder = "/requirements/" in f"/{path}"
    if name.endswith(".txt") and (in_folder or name.startswith("requirements")):
        return python_locks.requirements
    inside = "node_modules/" in path and name != "package.json"
    return None if inside else _BY_NAME.get(name)


def _text(path: str, where: Path) -> str:
    data = read_part(where, MAX_LOCK_BYTES + 1)
    if len(data) > MAX_LOCK_BYTES:
        raise LockError(f"{path} is larger than {MAX_LOCK_BYTES // 2**20} MiB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise LockError(f"{path} is not UTF-8 text.") from fault
