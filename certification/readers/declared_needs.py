"""Uses of code that declared permissions do not cover."""

import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase

from certification.readers.abilities import Ability, Use
from registry.domain.descriptor import Permissions

_NEEDS = {
    Ability.NETWORK: "network",
    Ability.SEND: "network",
    Ability.EXECUTE: "execute",
    Ability.WRITE: "write",
    Ability.READ: "read",
    Ability.ENVIRONMENT: "environment",
}
_EVERYTHING = frozenset({"*", "**", "any", "all"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
_TEMPORARY = tuple(f"/{folder}/" for folder in ("tmp", "dev", "var/tmp"))
_HOST = re.compile(r"(?:\w+://)?([^/:\s]+|\[[^\]]+\])")
#: Variables that say where and how a program runs, and nothing about its user.
_AMBIENT = frozenset(
    {
        "PATH", "HOME", "USERPROFILE", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "PWD",
        "SHELL", "TERM", "NO_COLOR", "FORCE_COLOR", "CI", "DEBUG", "LOG_LEVEL", "LOGLEVEL",
        "NODE_ENV", "PORT", "HOST", "PYTHONPATH", "VIRTUAL_ENV",
        "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
    }
)  # fmt: skip


def undeclared(permissions: Permissions, uses: Iterable[Use]) -> Iterator[tuple[Use, str, str]]:
    """(use, need, what of it) for each use outside what is declared, one of a kind.

    A need of which nothing is declared covers no use, but for files in temporary folders and
    beside the code. Where something is declared, a use on what cannot be read off is covered.
    """
    told: set[tuple[str, str]] = set()
    for use in uses:
        need = _NEEDS.get(use.ability)
        if need is None:
            continue
        declared = getattr(permissions, need)
        what = _what(need, use.target)
        if _EVERYTHING & set(declared) or _covered(need, what, declared) or (need, what) in told:
            continue
        told.add((need, what))
        yield use, need, f"“{what}”" if what else "(of something worked out at run time)"


def _what(need: str, target: str) -> str:
    """The part of a literal target that a declaration would name."""
    if need == "network":
        match = _HOST.match(target)
        return match[1].casefold() if match and "." in match[1] + "." else ""
    if need == "execute":
        return _program(target)
    return target.strip()


def _covered(need: str, what: str, declared: tuple[str, ...]) -> bool:
    judge = _COVER.get(need)
    if judge is not None and what:
        return judge(what, declared)
    return bool(declared) or need in {"read", "environment"}


def _variable_declared(name: str, declared: tuple[str, ...]) -> bool:
    return name in _AMBIENT or name in declared or (name == "*" and bool(declared))


def _program_declared(program: str, declared: tuple[str, ...]) -> bool:
    return program in {_program(item) for item in declared}


def _program(command: str) -> str:
    words = command.split()
    return re.split(r"[/\\]", words[0])[-1] if words else ""


def _write_declared(path: str, declared: tuple[str, ...]) -> bool:
    return bool(declared) or path.startswith(_TEMPORARY)


def _read_declared(path: str, declared: tuple[str, ...]) -> bool:
    return bool(declared) or not path.startswith(("~", "/etc", "/home", "/root", "/proc"))


def _host_declared(host: str, declared: tuple[str, ...]) -> bool:
    if host in _LOCAL:
        return True
    for item in declared:
        match = _HOST.match(item.casefold())
        if match and (fnmatchcase(host, match[1]) or fnmatchcase(host, f"*.{match[1]}")):
            return True
    return False


_COVER: dict[str, Callable[[str, tuple[str, ...]], bool]] = {
    "network": _host_declared,
    "environment": _variable_declared,
    "execute": _program_declared,
    "write": _write_declared,
    "read": _read_declared,
}
