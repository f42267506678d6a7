"""The texts of a package that a model will read, each with where it stands."""

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

MAX_TEXT_BYTES = 2 * 1024 * 1024
_PROSE = (".md", ".mdx", ".mdc", ".txt", ".prompt", ".rst", ".jinja", ".jinja2", ".j2")
_RULES = (".cursorrules", ".windsurfrules", ".clinerules", ".goosehints")
_DATA = (".json", ".yaml", ".yml", ".toml")
_SOURCE = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".sh", ".bash", ".ps1", ".tsx", ".jsx")
_SCRIPTS = (".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx", ".jsx")
_VENDORED = re.compile(r"(?:^|/)(?:node_modules|\.git|site-packages|vendor|dist-info)/")
_LICENCES = re.compile(r"(?:^|/)(?:LICEN[CS]E|NOTICE|COPYING|CHANGELOG|AUTHORS)", re.IGNORECASE)
_VOCABULARIES = re.compile(
    r"(?:^|/)(?:vocab|merges|tokenizer|special_tokens_map|added_tokens|package-lock|npm-shrinkwrap)"
    r"\.(?:json|txt)$"
)
_JS_STRING = re.compile(
    r"""`((?:[^`\\]|\\.){8,20000})`|"((?:[^"\\\n]|\\.){8,20000})"|'((?:[^'\\\n]|\\.){8,20000})'"""
)
_JS_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL
)
_NAMED_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "", "b": "", "f": "", "v": ""}
_SEARCHED, _SEARCH_WINDOW = 24, 64 * 1024
_MIN_LITERAL = 8


@dataclass(frozen=True, slots=True)
class Text:
    """One text; `line` is where it starts, `literal` says it is a string inside code or data."""

    path: str
    line: int
    content: str
    literal: bool = False
    assembled: bool = False  # put together from several literals


def is_read(path: str) -> bool:
    """Whether anything in the file may reach a model: prose, manifests, schemas, source."""
    return path.casefold().endswith(_PROSE + _DATA + _SOURCE + _RULES) and not _vendored(path)


def is_source(path: str) -> bool:
    """Whether the file is program code."""
    return path.casefold().endswith(_SOURCE)


def _vendored(path: str) -> bool:
    return any(pattern.search(path) for pattern in (_VENDORED, _LICENCES, _VOCABULARIES))


def texts_in(path: str, content: str) -> Iterator[Text]:
    """The file itself when prose or shell, else the strings in it, decoded."""
    name = path.casefold()
    if name.endswith(".json"):
        yield from _json_strings(path, content)
    elif name.endswith(".py"):
        yield from _python_strings(path, content)
    elif name.endswith(_SCRIPTS):
        yield from _script_strings(path, content)
    else:
        yield Text(path, 1, content)


def _json_strings(path: str, content: str) -> Iterator[Text]:
    try:
        waiting = [json.loads(content)]
    except (ValueError, RecursionError):
        yield Text(path, 1, content)
        return
    at = line = 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed([part for pair in value.items() for part in pair])
        elif isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, str) and len(value) >= _MIN_LITERAL:
            found = content.find(value[:_SEARCHED], at, at + _SEARCH_WINDOW)
            if found >= 0:  # strings come in the order of the file, so the search goes on
                line += content.count("\n", at, found)
                at = found
            yield Text(path, line + 1, value, literal=True)


def _python_strings(path: str, content: str) -> Iterator[Text]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield Text(path, 1, content)
        return
    for node in _walked(tree):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and not _says_nothing(node.value):
                yield Text(path, node.lineno, node.value, literal=True)
        elif isinstance(node, ast.BinOp) and (value := _assembled(node)):
            yield Text(path, node.lineno, value, literal=True, assembled=True)


def _walked(tree: ast.AST) -> Iterator[ast.AST]:
    """As `ast.walk` in another order and less time."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        # Not vars(node): trees share nodes such as Load, and bandit hangs their parents on them.
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                waiting += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                waiting.append(value)


def _says_nothing(literal: str) -> bool:
    """Too short for a sentence; in some scripts few characters are one."""
    return len(literal) < _MIN_LITERAL and literal.isascii()


def _assembled(node: ast.BinOp) -> str:
    """The text that a sum of string literals makes; empty for any other sum."""
    parts: list[str] = []
    waiting: list[ast.expr] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
            waiting += [part.left, part.right]
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            parts.append(part.value)
        else:
            return ""
    return "".join(reversed(parts))


def _script_strings(path: str, content: str) -> Iterator[Text]:
    at, line = 0, 1
    for match in _JS_STRING.finditer(content):
        value = next(group for group in match.groups() if group is not None)
        line += content.count("\n", at, match.start())
        at = match.start()
        yield Text(path, line, _JS_ESCAPE.sub(_unescaped, value), literal=True)


def _unescaped(match: "re.Match[str]") -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _NAMED_ESCAPES.get(match[4], match[4])
    value = int(code, 16)
    return chr(value) if value <= sys.maxunicode else "\ufffd"
