"""Chat templates may format messages; they may not reach Python, files, or the model's ear."""

import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from certification.readers.chat_templates import MAX_TEMPLATE, Remark, TemplateError, examine
from certification.readers.gguf import MAGIC, GgufError, read
from certification.readers.mapped import Buffer, mapped
from certification.types import (
    Check,
    EachFile,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    SubjectFile,
)

_STANDARDS = ("CWE-1336", "OWASP LLM03:2025", "AML.T0010", "AML.T0051")
_FIX = "Keep the template to formatting: loops, conditions, and the fields of messages."
_SUFFIXES = (".jinja", ".jinja2", ".j2", ".template")
_DOCUMENTS = (".json", ".yaml", ".yml")
MAX_DOCUMENT = 64 * 1024 * 1024
MAX_YAML = 1024 * 1024
_KEY = b"chat_template"


class _DocumentError(ValueError):
    pass


def _concerns(data: Buffer, path: str) -> bool:
    if path.lower().endswith(_SUFFIXES):
        return True
    if data[:4] == MAGIC:
        return True
    if not path.lower().endswith(_DOCUMENTS):
        return False
    return len(data) > MAX_DOCUMENT or data.find(_KEY) >= 0


def _judge_file(file: SubjectFile, where: Path) -> Result | None:
    findings: list[Finding] = []
    names: list[str] = []
    unread = ""
    with mapped(where) as data:
        if not _concerns(data, file.path):
            return None
        try:
            for name, source in _templates(data, file.path):
                names.append(name[:200])
                findings += [_finding(remark, file.path, name) for remark in examine(source)]
        except (TemplateError, _DocumentError, GgufError) as fault:
            unread = f"{file.path}: {fault}"
        if data[:4] == MAGIC and not names and not unread:
            return None
    return Result(tuple(findings), (Evidence("templates", names),), unread)


def _templates(data: Buffer, path: str) -> Iterator[tuple[str, str]]:
    """Name and source of each template in a file."""
    if data[:4] == MAGIC:
        yield from read(data).templates.items()
    elif path.lower().endswith(_SUFFIXES):
        if len(data) > 4 * MAX_TEMPLATE:
            raise _DocumentError("the template is too large to be read")
        yield "template", bytes(data).decode("utf-8", "replace")
    else:
        yield from _in_document(_parsed(data, path))


def _parsed(data: Buffer, path: str) -> object:
    """The JSON or YAML in a file that mentions chat templates; raises _DocumentError."""
    as_json = path.lower().endswith(".json")
    if len(data) > (MAX_DOCUMENT if as_json else MAX_YAML):
        raise _DocumentError("the file is too large to be read")
    try:
        parsed: object = json.loads(bytes(data)) if as_json else yaml.safe_load(bytes(data))
    except (ValueError, RecursionError, yaml.YAMLError) as fault:
        raise _DocumentError(f"the file does not parse ({type(fault).__name__})") from None
    return parsed


def _in_document(document: object) -> Iterator[tuple[str, str]]:
    """Every value below a key that starts with chat_template: text, or a list or table of it."""
    waiting: list[tuple[str, object]] = [("", document)]
    seen: set[int] = set()
    while waiting:
        name, current = waiting.pop()
        if isinstance(current, str):
            if name:
                yield name, current
        elif isinstance(current, (dict, list)) and id(current) not in seen:
            seen.add(id(current))
            pairs = current.items() if isinstance(current, dict) else enumerate(current)
            for key, value in pairs:
                own = str(key) if str(key).startswith(_KEY.decode()) else ""
                waiting.append((own or name, value))


def _finding(remark: Remark, path: str, name: str) -> Finding:
    return Finding(
        f"chat-template.{remark.kind}",
        Level.ERROR if remark.grave else Level.WARNING,
        f"The chat template {name[:60]} in {path}: {remark.message} (its line {remark.line}).",
        Location(path, line=remark.line if path.lower().endswith(_SUFFIXES) else None),
        _FIX,
        _STANDARDS,
    )


CHECK = Check(
    id="chat-template",
    version=1,
    stage=Stage.SCAN,
    title="Chat templates only format messages",
    why="A chat template is a program that runs wherever the model is used, and what it adds "
    "the model obeys.",
    remedy="Keep templates to loops, conditions and the fields of messages.",
    standards=_STANDARDS,
    applies_to=lambda subject: bool(subject.files),
    run=EachFile(_judge_file),
)
