"""Code that runs when a package is installed, and programs that are fetched and run."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from certification.readers.abilities import PACK, Ability, Code, Use
from certification.readers.code_files import code_of
from certification.readers.shell_code import read_shell
from certification.readers.subject_texts import file_text
from certification.rulepacks import pack
from certification.types import (
    Check,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    Subject,
    Tools,
)

_STANDARDS = ("CWE-494", "CWE-829", "CWE-506", "OWASP LLM03:2025", "OWASP ASI04", "AML.T0010")
_MAX_MANIFEST = 2 * 1024 * 1024
_HOOKS = ("preinstall", "install", "postinstall", "preuninstall", "postuninstall", "prepare")
_BUILD = re.compile(
    r"(?:npm|pnpm|yarn)(?: run)? [\w:.-]+|(?:npx )?(?:node-gyp|prebuild-install|node-pre-gyp"
    r"|node-gyp-build|husky|tsc|tsup|rollup|vite|esbuild|patch-package|simple-git-hooks|lefthook"
    r"|is-ci|exit|true|echo|shx|rimraf|cargo|cmake-js|napi)\b[^|;`$]*"
)
_SCRIPT = re.compile(
    r"\b(?:node|bun|deno run|python3?|ba?sh|sh)\s+(?:\./)?([\w./@-]+)|^\./([\w./-]+)"
)
_SETUP = re.compile(r"(?:^|/)(?:setup|_?build|build_backend|hatch_build|custom_build)\.py$")
_START = re.compile(r"(?:^|/)(?:site|user)customize\.py$|\.pth$")
_ASIDE = re.compile(r"(?:^|/)(?:tests?|docs?|examples?|scripts|tools)/")
_GRAVE = frozenset(
    {Ability.EXFILTRATE, Ability.REVERSE_SHELL, Ability.DECODE_RUN, Ability.DOWNLOAD_RUN,
     Ability.CONCEALED, Ability.SECRETS}
)  # fmt: skip
_OUTWARD = frozenset({Ability.NETWORK, Ability.SEND, Ability.LISTEN})
_EVALUATES = re.compile(r"\b(?:eval|exec|Function|runIn\w+|compileFunction|Script)\b")
_FIX = "Ship what is needed inside the package, pinned by digest; run nothing at installation."


def _run(subject: Subject, tools: Tools) -> Result:
    codes = {
        file.path: code
        for file in subject.files
        if (code := code_of(file, subject.path(file.path))) is not None
    }
    findings: list[Finding] = []
    hooks: list[str] = []
    unread: list[str] = []
    for file in subject.files:
        path = file.path
        if path.rpartition("/")[2] == "package.json" and "node_modules/" not in path:
            scripts = _scripts(subject.path(path))
            if scripts is None:
                unread.append(f"{path} is too large or not JSON")
                continue
            hooks += [f"{path}: {name}: {command[:200]}" for name, command in scripts.items()]
            for name, command in scripts.items():
                findings += _judge_hook(path, name, command, codes)
        elif path in codes:
            findings += _judge_code(path, codes[path])
    return Result(
        tuple(findings), (Evidence("install-hooks", hooks[:100]),), "; ".join(unread[:20])
    )


def _scripts(where: Path) -> dict[str, str] | None:
    """The commands npm runs by itself; None when the manifest cannot be read."""
    content = file_text(where, _MAX_MANIFEST)
    if content is None:
        return None
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        return None
    scripts = manifest.get("scripts") if isinstance(manifest, dict) else None
    if not isinstance(scripts, dict):
        return {}
    return {name: str(scripts[name]) for name in _HOOKS if scripts.get(name)}


def _judge_hook(path: str, name: str, command: str, codes: dict[str, Code]) -> list[Finding]:
    uses = list(read_shell(command).uses)
    folder = path.rpartition("/")[0]
    missing = False
    for match in _SCRIPT.finditer(command):
        named = (match[1] or match[2]).removeprefix("./")
        script = f"{folder}/{named}" if folder else named
        code = next(
            (codes[p] for p in (script, f"{script}.js", f"{script}/index.js") if p in codes), None
        )
        missing = missing or code is None
        uses += code.uses if code is not None else ()
    level = _gravity(uses)
    if level is Level.NOTE and not _plain(command, missing=missing):
        level = Level.WARNING
    if name == "prepare" and level is Level.WARNING:
        level = Level.NOTE  # runs in the publisher's checkout, not where the package is installed
    said = _said(uses)
    message = f"{path} runs “{command[:160]}” at {name}{said}."
    return [_finding("hook", level, message, path)]


def _plain(command: str, *, missing: bool) -> bool:
    parts = [part.strip() for part in re.split(r"&&|\|\||;", command)]
    known = all(_BUILD.fullmatch(part) or _SCRIPT.match(part) for part in parts)
    return known and not missing and not re.search(r"\s-(?:e|c|p)\s", command)


def _gravity(uses: Iterable[Use]) -> Level:
    """How grave it is that these uses happen while a package is installed."""
    seen = {use.ability for use in uses}
    if seen & _GRAVE:
        return Level.ERROR
    return Level.WARNING if seen & _OUTWARD else Level.NOTE


def _said(uses: Iterable[Use]) -> str:
    seen = sorted({use.ability.value for use in uses} - {"read", "environment"})
    return f", which does: {', '.join(seen)}" if seen else ""


def _judge_code(path: str, code: Code) -> list[Finding]:
    findings = [found for use in code.uses if (found := _judge_use(path, use)) is not None]
    if _SETUP.search(path) and code.uses:
        level = _gravity(code.uses)
        message = f"{path} runs when the package is built{_said(code.uses)}."
        findings.append(_finding("build", level, message, path))
    if _START.search(path) and code.uses:
        level = max(_gravity(code.uses), Level.WARNING, key=_ORDER.index)
        message = f"{path} runs whenever Python starts{_said(code.uses)}."
        findings.append(_finding("start", level, message, path))
    return findings


_ORDER = (Level.NOTE, Level.WARNING, Level.ERROR)


def _judge_use(path: str, use: Use) -> Finding | None:
    shown = f"{use.call} {use.target}".strip()[:160]
    if use.ability is Ability.DOWNLOAD_RUN:
        level = Level.ERROR if _EVALUATES.search(use.call) else Level.WARNING
        message = f"{path} fetches a program and runs it: {shown}."
        return _finding("download-run", level, message, path, use.line)
    if use.ability is Ability.INSTALL:
        message = f"{path} installs packages while it runs: {shown}."
        level = Level.NOTE if path.endswith(_SHELL) or _ASIDE.search(path) else Level.WARNING
        return _finding("run-time-install", level, message, path, use.line)
    return None


_SHELL = (".sh", ".bash", ".zsh", ".ps1", ".bat", ".cmd", "file", ".ipynb")


def _finding(what: str, level: Level, message: str, path: str, line: int | None = None) -> Finding:
    return Finding(
        f"install-scripts.{what}", level, message, Location(path, line), _FIX, _STANDARDS
    )


def _applies(subject: Subject) -> bool:
    return any(
        file.path.rpartition("/")[2] == "package.json"
        or code_of(file, subject.path(file.path)) is not None
        for file in subject.files
    )


CHECK = Check(
    id="install-scripts",
    version=1,
    stage=Stage.SCAN,
    title="Nothing is fetched and run, at installation or later",
    why="What runs at installation runs before anybody has looked, with the rights of whoever "
    "installs.",
    remedy="Ship what is needed inside the package, pinned by digest; run nothing at installation.",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
    packs=(pack(PACK),),
)
