"""Changes that mend what a check found, as unified diffs (pure).

Each function is given a file's relative path and its text, and gives a diff that `git apply`
takes, or "" where the change is not mechanical, would be long, or would repeat a credential.
A check puts it into `Finding.patch`; the sentence in `Finding.fix` stays.
"""

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from certification.readers.secret_rules import Secret, secrets_in

MAX_PATCH_CHARACTERS = 8 * 1024
#: A longer text costs more to change than its patch is worth.
MAX_TEXT_CHARACTERS = 512 * 1024
_CONTEXT = 3
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")
_RAISED = re.compile(
    r"(?:^|/)(?:[\w.-]{0,80}requirements[\w.-]{0,80}\.(?:txt|in)|package\.json|pyproject\.toml)\Z"
)
_VERSION = re.compile(r"\d[\w.+!-]{0,63}", re.ASCII)
_PYTHON = (".py",)
_SCRIPT = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx")
_ASSIGNED = re.compile(r"([A-Za-z_]\w{2,60})[\"']?\s{0,4}[:=]\s{0,4}[\"'`]\Z", re.ASCII)
_IMPORT = re.compile(r"(?m)^(?:import|from(?! __future__))\s")
_IMPORTED = re.compile(r"(?m)^import os\b")
_Style = tuple[str | int, bool]
#: Indents and escaping (of what is not ASCII) that programs write JSON with.
_STYLES: tuple[_Style, ...] = tuple(product((2, 4, "\t"), (True, False)))
_TORCH = (".bin", ".pt", ".pth", ".ckpt")
_TO_SAFETENSORS = (
    "import sys, torch; from safetensors.torch import save_file; "
    "save_file(torch.load(sys.argv[1], weights_only=True), sys.argv[2])"
)


@dataclass(frozen=True, slots=True)
class Change:
    """Lines replaced by others; `line` is the 1-based first of those removed, or the one before
    which lines are added."""

    line: int
    removed: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def after(self) -> int:
        """The first line that stays."""
        return self.line + len(self.removed)


def patch(path: str, text: str, changes: Sequence[Change]) -> str:
    """The changes, which are in order and apart, as a unified diff."""
    if not changes or len(text) > MAX_TEXT_CHARACTERS or not path.isprintable():
        return ""
    lines = text.split("\n")
    name = f"{path}\t" if " " in path else path
    diff = [f"--- a/{name}", f"+++ b/{name}"]
    shift = 0
    for group in _grouped(changes):
        diff += _hunk(lines, group, shift)
        shift += sum(len(change.added) - len(change.removed) for change in group)
    body = "\n".join(diff) + "\n"
    if len(body) > MAX_PATCH_CHARACTERS or next(secrets_in(path, body), None):
        return ""
    return body


def changes_in(diff: str) -> list[Change]:
    """What a diff made here changes."""
    found: list[Change] = []
    line, removed, added = 0, list[str](), list[str]()
    for row in [*diff.split("\n")[2:], " "]:
        start = _HUNK.fullmatch(row)
        if start or not row.startswith(("-", "+", "\\")):
            if removed or added:
                found.append(Change(line - len(removed), tuple(removed), tuple(added)))
            removed, added = [], []
            line = int(start[1]) if start else line + 1
        elif row.startswith("-"):
            removed.append(row[1:])
            line += 1
        elif row.startswith("+"):
            added.append(row[1:])
    return found


def without(path: str, text: str, start: int, length: int) -> str:
    """Without `length` characters from `start` on, which stand on one line."""
    if "\n" in text[start : start + length]:
        return ""
    return _on_line(path, text, start, start + length, "")


def without_key(path: str, text: str, key: str) -> str:
    """A JSON document without a key, wherever in it. Only for documents that a program wrote:
    others would be laid out anew."""
    if len(text) > MAX_TEXT_CHARACTERS:
        return ""
    try:
        document = json.loads(text)
        style = _style_of(document, text)
        after = None if style is None else _written(_dropped(document, key), style)
    except (ValueError, RecursionError):
        return ""
    return "" if after is None else patch(path, text, _difference(text.rstrip("\n"), after))


def without_entry(path: str, text: str, entry: str) -> str:
    """A JSON or TOML manifest without a string that one of its lists holds, once."""
    literal = json.dumps(entry, ensure_ascii=False)
    if len(text) > MAX_TEXT_CHARACTERS or text.count(literal) != 1:
        return ""
    read: Callable[[str], object] = tomllib.loads if path.endswith(".toml") else json.loads
    at = text.index(literal)
    try:
        wanted = _dropped(read(text), entry)
        for start, end in _with_comma(text, at, at + len(literal)):
            after = text[:start] + text[end:]
            if _reads_as(after, wanted, read):
                return patch(path, text, _difference(text, after))
    except (ValueError, RecursionError):
        return ""
    return ""


def can_raise(path: str) -> bool:
    """Whether requirements are raised in a file of that name by hand."""
    return _RAISED.search(path) is not None


def raised(path: str, text: str, line: int, name: str, version: str) -> str:
    """A requirement raised to `version` in requirements.txt, pyproject.toml or package.json; lock
    files and requirements with digests are for their own tools. `line` is 1-based, 0 if unknown."""
    if len(text) > MAX_TEXT_CHARACTERS or not can_raise(path) or not _VERSION.fullmatch(version):
        return ""
    spelt = "[-_.]+".join(map(re.escape, re.split(r"[-_.]+", name)))
    wanted = re.compile(
        rf"(?<![\w.@/-]){spelt}(?:\[[^\]\n]{{0,200}}\])?[\"']?\s{{0,8}}[:=]?\s{{0,8}}[\"']?"
        r"(?:===?|~=|>=|\^|~)?\s{0,8}(?P<version>\d[\w.+!-]{0,63})\s{0,8}(?=[\"';#]|$)",
        re.IGNORECASE | re.MULTILINE | re.ASCII,
    )
    found = [
        match
        for match in wanted.finditer(text)
        if line in {0, 1 + text.count("\n", 0, match.start())}
    ]
    if len(found) != 1:
        return ""
    return _on_line(path, text, *found[0].span("version"), version)


def from_environment(path: str, text: str, secret: Secret) -> str:
    """A quoted credential of Python or JavaScript read from the environment instead. What is
    removed is masked, so an editor can make the change (by line) but `git apply` cannot."""
    quoted = text[secret.start - 1 : secret.start] + text[secret.end : secret.end + 1]
    if (
        len(text) > MAX_TEXT_CHARACTERS
        or quoted not in {'""', "''"}
        or not path.endswith((*_PYTHON, *_SCRIPT))
    ):
        return ""
    start = text.rfind("\n", 0, secret.start) + 1
    assigned = _ASSIGNED.search(text[max(start, secret.start - 80) : secret.start])
    name = (assigned[1] if assigned else secret.rule.replace("-", "_")).upper()
    number, before, after = _around(text, secret.start - 1, secret.end + 1)
    python = path.endswith(_PYTHON)
    read = f'os.environ["{name}"]' if python else f"process.env.{name}"
    if any(secrets_in(path, before)) or any(secrets_in(path, after)):
        return ""
    masked = f"{before}{quoted[0]}{secret.masked}{quoted[0]}{after}"
    changes = [Change(number, (masked,), (f"{before}{read}{after}",))]
    if python and not _IMPORTED.search(text):
        first = _IMPORT.search(text, 0, start)
        if first is None:
            return ""
        changes.insert(0, Change(1 + text.count("\n", 0, first.start()), (), ("import os",)))
    diff = patch(path, text, changes)
    return "" if text[secret.start : secret.end] in diff else diff


def as_safetensors(path: str) -> str:
    """A command that rewrites the weights of a PyTorch file; "" for other files."""
    if not path.endswith(_TORCH) or not path.isprintable():
        return ""
    new = f"{path.rpartition('.')[0]}.safetensors"
    return shlex.join(["python", "-c", _TO_SAFETENSORS, f"./{path}", f"./{new}"])


def _grouped(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Changes whose surroundings overlap share a hunk."""
    group: list[Change] = []
    for change in changes:
        if group and change.line - group[-1].after > 2 * _CONTEXT:
            yield group
            group = []
        group.append(change)
    yield group


def _hunk(lines: list[str], group: list[Change], shift: int) -> list[str]:
    total = len(lines) - (lines[-1] == "")
    first = max(1, group[0].line - _CONTEXT)
    last = min(total, group[-1].after - 1 + _CONTEXT)
    rows: list[str] = []
    at = first
    for change in group:
        rows += [f" {line}" for line in lines[at - 1 : change.line - 1]]
        rows += [f"-{line}" for line in change.removed]
        rows += _unended(lines, change.after - 1 if change.removed else 0)
        rows += [f"+{line}" for line in change.added]
        rows += _unended(lines, change.after - 1 if change.added else 0)
        at = change.after
    rows += [f" {line}" for line in lines[at - 1 : last]]
    rows += _unended(lines, last if at <= last else 0)
    old = last - first + 1
    new = old + sum(len(change.added) - len(change.removed) for change in group)
    return [f"@@ -{first},{old} +{first + shift},{new} @@", *rows]


def _unended(lines: list[str], line: int) -> list[str]:
    """What follows the last line of a file that does not end it."""
    return ["\\ No newline at end of file"] if lines[-1] and line == len(lines) else []


def _around(text: str, start: int, end: int) -> tuple[int, str, str]:
    """The number of the line of a span, and what stands on it before and after."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return (
        1 + text.count("\n", 0, start),
        text[first:start],
        text[end : last if last >= 0 else len(text)],
    )


def _on_line(path: str, text: str, start: int, end: int, new: str) -> str:
    number, before, after = _around(text, start, end)
    change = Change(number, (f"{before}{text[start:end]}{after}",), (f"{before}{new}{after}",))
    return patch(path, text, [change])


def _difference(before: str, after: str) -> list[Change]:
    """One change, of everything between the first and the last line that differ."""
    old, new = before.split("\n"), after.split("\n")
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    rest = shorter - head
    tail = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    removed, added = old[head : len(old) - tail], new[head : len(new) - tail]
    return [Change(head + 1, tuple(removed), tuple(added))] if removed or added else []


def _dropped(value: object, name: str) -> object:
    """Without the keys of that name, and the strings of that content in lists."""
    if isinstance(value, dict):
        return {key: _dropped(item, name) for key, item in value.items() if key != name}
    if isinstance(value, list):
        return [_dropped(item, name) for item in value if item != name]
    return value


def _written(document: object, style: _Style) -> str:
    indent, escaped = style
    return json.dumps(document, indent=indent, ensure_ascii=escaped)


def _style_of(document: object, text: str) -> _Style | None:
    """How the program wrote a document, if one did."""
    body = text.rstrip("\n")
    return next((style for style in _STYLES if _written(document, style) == body), None)


def _with_comma(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans that take a list's entry out: with the comma behind it, before it, or alone."""
    before = re.compile(r",\s*\Z").search(text, max(0, start - 200), start)
    behind = re.compile(r"[ \t]*,[ \t]*").match(text, end)
    if behind:
        whole = re.compile(r"\n[ \t]*\Z").search(text, max(0, start - 200), start)
        alone = whole is not None and text[behind.end() : behind.end() + 1] == "\n"
        yield (whole.start() if whole and alone else start), behind.end()
    if before:
        yield before.start(), end
    yield start, end


def _reads_as(text: str, wanted: object, read: Callable[[str], object]) -> bool:
    try:
        return read(text) == wanted
    except ValueError:
        return False
