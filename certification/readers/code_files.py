"""Which files of a subject are code, in which language, and what each of them does.

Several checks ask about the same file: an answer is kept for as long as it is likely to be asked
for again, under the digest of the bytes it is about.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from certification.readers.abilities import Code
from certification.readers.python_code import read_python
from certification.readers.script_code import read_script
from certification.readers.shell_code import read_shell
from certification.readers.tree import read_part
from certification.types import Subject, SubjectFile

MAX_CODE_BYTES = 8 * 1024 * 1024
_HEAD = 128
#: The grammar named tsx is never asked: it does not come back from some malformed input. A .tsx
#: file is read as TypeScript, and said to be unread where its markup is lost on that.
_SUFFIXES = {
    ".py": "python", ".pyw": "python", ".pyi": "python", ".ipynb": "notebook", ".pth": "pth",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "typescript",
    ".sh": "shell", ".bash": "shell", ".zsh": "shell", ".ksh": "shell", ".fish": "shell",
    ".ps1": "shell", ".psm1": "shell", ".bat": "shell", ".cmd": "shell", ".command": "shell",
}  # fmt: skip
_NAMES = {"dockerfile": "shell", "makefile": "shell", "justfile": "shell"}
_INTERPRETERS = (
    (re.compile(rb"#!.*\bpython"), "python"),
    (re.compile(rb"#!.*\b(?:node|deno|bun)\b"), "javascript"),
    (re.compile(rb"#!.*\b(?:ba|z|da|k|fi)?sh\b"), "shell"),
)


def language_of(file: SubjectFile, where: Path) -> str:
    """The language of a file by its name, or by its first line; empty when it is not code."""
    name = file.path.rsplit("/", 1)[-1].casefold()
    stem, dot, suffix = name.rpartition(".")
    if found := _SUFFIXES.get(f"{dot}{suffix}") or _NAMES.get(stem or suffix):
        return found
    if dot and stem and re.fullmatch(r"\w{1,5}", suffix):
        return ""
    head = read_part(where, _HEAD)
    return next((language for shape, language in _INTERPRETERS if shape.match(head)), "")


def code_of(file: SubjectFile, where: Path) -> Code | None:
    """What a file does; None when it is not code."""
    language = language_of(file, where)
    return _read(language, file.sha256, where) if language else None


def codes_of(subject: Subject) -> Iterator[tuple[SubjectFile, Code]]:
    """Every code file of a subject with what it does."""
    for file in subject.files:
        code = code_of(file, subject.path(file.path))
        if code is not None:
            yield file, code


@lru_cache(maxsize=8192)
def _read(language: str, sha256: str, where: Path) -> Code:
    data = read_part(where, MAX_CODE_BYTES + 1)
    if len(data) > MAX_CODE_BYTES:
        return Code(problem=f"is larger than {MAX_CODE_BYTES // 2**20} MiB")
    text = data.decode("utf-8", "replace")
    match language:
        case "python":
            code = read_python(data)
        case "notebook":
            code = _notebook(data)
        case "pth":
            lines = (line for line in text.splitlines() if re.match(r"import[ \t]", line))
            code = read_python("\n".join(lines))
        case "shell":
            code = read_shell(text)
        case _:
            code = read_script(text, language)
    return code


def _notebook(data: bytes) -> Code:
    try:
        cells = json.loads(data)["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Code(problem="is not a notebook that can be parsed")
    lines = "\n".join(sources).splitlines()
    shell = "\n".join(line[1:] for line in lines if line.startswith("!"))
    plain = "\n".join("pass" if line[:1] in {"!", "%"} else line for line in lines)
    code = read_python(plain)
    return Code(code.uses + read_shell(shell).uses, code.problem)
