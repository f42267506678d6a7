"""Weaknesses in honest code: bandit on Python, ast-grep rules of our own on JavaScript."""

import importlib
import logging
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ast_grep_py import SgRoot

from certification import rulepacks

PACK = "sast"

#: Files in which a model's words arrive as arguments.
_OFFERS_TOOLS = re.compile(
    r"@\w+(?:\.\w+)*\.(?:tool|call_tool|resource)\b|@(?:tool|function_tool|beta_tool)\b|\bFastMCP\("
    r"|\bStructuredTool\b|\bsetRequestHandler\(|\bCallToolRequestSchema\b|\bregisterTool\("
    r"|\bserver\.tool\(|\bnew McpServer\(|\baddTool\("
)
#: What stands in each file that the chosen tests of bandit speak of, by a word of it.
_WORTH = {
    "shell": r"shell\s*=\s*True",
    "verify": r"verify\s*=\s*False",
    "yaml": r"\byaml\.(?:load|unsafe)",
    "unverified_context": r"unverified_context",
    "CERT_NONE": r"CERT_NONE",
    "Policy": r"\b(?:AutoAdd|Warning)Policy",
    "0.0.0": r"\b0\.0\.0\.0\b",
    "popen": r"\bpopen\w*\s*\(",
    "system": r"\bsystem\s*\(",
    "extractall": r"extractall",
    "marshal": r"marshal",
    "debug": r"debug\s*=\s*True",
    "mktemp": r"mktemp",
    "PROTOCOL_": r"PROTOCOL_(?:SSL|TLSv1)",
    "eval": r"\beval\s*\(",
    "exec": r"\bexec\s*\(",
    "execute": r"(?i:\b(?:select|insert|delete|update)\s)",
}
_SHAPES = {word: re.compile(shape) for word, shape in _WORTH.items()}
#: The tests that matter in an agent. True: what a model says may end there.
_TESTS = {
    "B102": True, "B104": False, "B201": False, "B202": False, "B302": False, "B306": False,
    "B307": True, "B323": True, "B501": True, "B502": False, "B506": True, "B507": True,
    "B602": True, "B605": True, "B608": True, "B609": False,
}  # fmt: skip


class WeaknessesError(Exception):
    """A file could not be examined; the message says why, after the file's name."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """`open` says that it stands where a model's words arrive, in a form they can use."""

    rule: str
    message: str
    line: int
    standards: tuple[str, ...]
    fix: str
    open: bool


def offers_tools(source: str) -> bool:
    """Whether a file offers tools to a model."""
    return _OFFERS_TOOLS.search(source) is not None


def _bandit() -> Any:
    """A fresh manager with the chosen tests. Importing bandit is slow, and stevedore, by which it
    finds its tests, is called in a way that has gone out of use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        manager = importlib.import_module("bandit.core.manager")
        config = importlib.import_module("bandit.core.config")
    logging.getLogger("bandit").setLevel(logging.CRITICAL)
    return manager.BanditManager(
        config.BanditConfig(),
        "file",
        quiet=True,
        profile={"include": sorted(_TESTS), "exclude": []},
        ignore_nosec=True,
    )


def python_weaknesses(where: Path, source: str) -> Iterator[Weakness]:
    """What bandit finds of medium or high severity with confidence; raises WeaknessesError."""
    if not any(word in source and shape.search(source) for word, shape in _SHAPES.items()):
        return
    manager = _bandit()
    manager.files_list = [str(where)]
    manager.run_tests()
    for _, reason in manager.skipped:
        raise WeaknessesError(f"could not be examined by bandit: {str(reason)[:120]}")
    for issue in manager.results:
        yield from _weakness(issue, tools=offers_tools(source))


def _weakness(issue: Any, *, tools: bool) -> Iterator[Weakness]:
    grave = issue.severity == "HIGH" or issue.test_id in {"B307", "B506", "B608", "B102"}
    if issue.severity == "LOW" or issue.confidence == "LOW":
        return
    yield Weakness(
        issue.test.replace("_", "-"),
        issue.text.rstrip("."),
        issue.lineno,
        (f"CWE-{issue.cwe.id}",),
        "See https://bandit.readthedocs.io for " + issue.test_id + ".",
        open=tools and grave and _TESTS[issue.test_id],
    )


@cache
def _script_rules() -> list[dict[str, object]]:
    rules: list[dict[str, object]] = yaml.safe_load(rulepacks.data(PACK, "script.yml"))
    return rules


def script_weaknesses(source: str, language: str) -> Iterator[Weakness]:
    """What our own rules find in a script of this language (javascript or typescript)."""
    root = SgRoot(source, language).root()
    tools = offers_tools(source)
    for rule in _script_rules():
        config = {key: rule[key] for key in ("rule", "constraints") if key in rule}
        for node in root.find_all(config):  # type: ignore[call-overload]
            yield Weakness(
                str(rule["id"]),
                str(rule["message"]),
                node.range().start.line + 1,
                tuple(map(str, rule["standards"])),  # type: ignore[call-overload]
                str(rule["fix"]),
                open=tools and bool(rule["open"]),
            )
