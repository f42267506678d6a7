"""What code can do, in one vocabulary for every language, and the rules that name it.

`certification/rules/code/rules.toml` holds the expressions: calls by dotted name, literal targets,
and shell commands.
"""

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from certification import rulepacks

PACK = "code"
MAX_TARGET = 200


class Ability(StrEnum):
    NETWORK = "network"
    SEND = "send"
    RECEIVE = "receive"
    LISTEN = "listen"
    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"
    ENVIRONMENT = "environment"
    DYNAMIC = "dynamic"
    NATIVE = "native"
    DESERIALISE = "deserialise"
    DECODE = "decode"
    SECRETS = "secrets"
    CAPTURE = "capture"
    INSTALL = "install"
    PERSIST = "persist"
    CONCEALED = "concealed"
    DOWNLOAD_RUN = "download-run"
    DECODE_RUN = "decode-run"
    EXFILTRATE = "exfiltrate"
    REVERSE_SHELL = "reverse-shell"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of an ability: 1-based line, the call as written or resolved, and the literal host,
    path, program or variable it is used on, where that is known."""

    ability: Ability
    line: int
    call: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """What one file of code does. `problem` is a sentence when it could not be read whole."""

    uses: tuple[Use, ...] = ()
    problem: str = ""


@cache
def _rules() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(rulepacks.data(PACK, "rules.toml").decode())


@cache
def _calls(language: str) -> tuple[tuple[Ability, "re.Pattern[str]"], ...]:
    return tuple(
        (Ability(name), re.compile("|".join(patterns)))
        for name, patterns in _rules()[language].items()
    )


@cache
def _searches(section: str) -> dict[str, "re.Pattern[str]"]:
    """Patterns of a section by name, joined, in multi-line mode."""
    return {
        name: re.compile("|".join(f"(?:{pattern})" for pattern in _inline(patterns)), re.MULTILINE)
        for name, patterns in _rules()[section].items()
    }


def _inline(patterns: list[str]) -> list[str]:
    """Leading flags apply to one alternative, not to the whole expression."""
    return [
        re.sub(r"^\(\?([is]+)\)(.*)$", r"(?\1:\2)", pattern, flags=re.DOTALL)
        for pattern in patterns
    ]


@lru_cache(maxsize=65_536)
def abilities_of(language: str, dotted: str) -> frozenset[Ability]:
    """What a call of this resolved name can do; `language` is python or node."""
    return frozenset(ability for ability, pattern in _calls(language) if pattern.fullmatch(dotted))


@lru_cache(maxsize=65_536)
def marks_in(text: str) -> frozenset[str]:
    """What a literal names: `secrets`, `persistence` or `drops` (where stolen data is left)."""
    return frozenset(name for name, pattern in _searches("targets").items() if pattern.search(text))


def host_in(text: str) -> str:
    """The host of a literal URL, or of its literal beginning; empty when there is none."""
    match = re.match(r"(?:https?|wss?|ftp|tcp)://(?:[^/@\s]*@)?(\[[^\]]+\]|[\w.-]+)", text)
    return match[1].casefold() if match else ""


def destination(text: str) -> str:
    """What a finding shows of a literal target: the host of a URL, unless more of it matters."""
    return text if "drops" in marks_in(text[:MAX_TARGET]) else host_in(text) or text


def shell_uses(text: str, line: int = 1) -> list[Use]:
    """What a shell command or script does, with lines counted from `line`."""
    joined = joined_lines(text)
    uses = []
    for name, pattern in _searches("shell").items():
        dump = name == "environment-dump"
        ability = Ability.ENVIRONMENT if dump else Ability(name)
        for match in pattern.finditer(joined):
            blank = len(match[0]) - len(match[0].lstrip())
            at = line + joined.count("\n", 0, match.start() + blank)
            shown = " ".join(match[0].split())[:MAX_TARGET]
            uses.append(Use(ability, at, shown, "*" if dump else ""))
    return uses


def joined_lines(text: str) -> str:
    """A script without comment lines, each continued line whole on its first line."""
    plain = re.sub(r"(?m)^[ \t]*#.*$", "", text)
    return _CONTINUED.sub(
        lambda match: match[0].replace("\\\n", "  ") + "\n" * match[0].count("\\\n"), plain
    )


_CONTINUED = re.compile(r"(?m)^(?:[^\n]*\\\n)+[^\n]*")
