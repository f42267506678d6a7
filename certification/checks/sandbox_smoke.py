"""Runs the thing once in a sealed room: does it start, answer, load, and stay within bounds?"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from certification.harnesses import agent, model, script, server
from certification.ports import (
    ApprovedTools,
    Observation,
    ObservedTool,
    Sandbox,
    SandboxUnavailableError,
)
from certification.readers.intent import gravest, intents_in
from certification.readers.tool_digests import Change, changes, digest_of_definition
from certification.readers.unicode_text import Hiding, hidden_in
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
from registry.domain.identifiers import Format

_STANDARDS = ("CWE-250", "CWE-400", "OWASP ASI02", "OWASP LLM10:2025", "AML.T0053")
_SERVERS = frozenset({Format.MCP_SERVER, Format.MCPB})
_SCRIPTED = frozenset({Format.SKILL, Format.PLUGIN})
_GRAVE = frozenset({Hiding.TAGS, Hiding.SELECTORS, Hiding.BITS, Hiding.CONCEALED, Hiding.OVERRIDE})


def _run(subject: Subject, tools: Tools) -> Result:
    if tools.sandbox is None:
        return Result(incomplete="There is no sandbox here to run it in.")
    try:
        result = _exercise(subject.format)(subject, tools.sandbox)
    except SandboxUnavailableError as fault:
        return Result(incomplete=str(fault))
    if subject.format not in _SERVERS or tools.catalogue is None:
        return result
    pulled = _since_approval(result, tools.catalogue.approved_tools())
    return replace(result, findings=(*result.findings, *pulled))


def _exercise(kind: Format) -> Callable[[Subject, Sandbox], Result]:
    if kind in _SERVERS:
        return _serve
    return _load if kind in model.LOADERS else _start


def _serve(subject: Subject, sandbox: Sandbox) -> Result:
    request = server.request_of(subject)
    if request is None:
        return Result(incomplete="It declares no entry point that can be started over stdio.")
    seen = sandbox.run(request)
    evidence = (
        *_record(seen),
        Evidence("tools", [_tool(tool) for tool in seen.tools]),
        Evidence("instructions", _plain(seen.instructions)[:2000]),
    )
    if seen.breached:
        return Result((_breach(seen, "server"),), evidence)
    if not seen.handshake:
        why = _plain(seen.error) or "it gave no answer"
        return Result((), evidence, f"The MCP handshake failed: {why}. It said: {_last_line(seen)}")
    findings = [*_declared(subject, seen), *_poisoned(seen.tools), *_told(seen.instructions)]
    return Result(tuple(findings), evidence)


def _load(subject: Subject, sandbox: Sandbox) -> Result:
    if not model.weight_files(subject):
        return Result(incomplete=f"No {model.LOADERS[subject.format][0]} file was found to load.")
    findings: list[Finding] = []
    loaded: dict[str, object] = {}
    record: tuple[Evidence, ...] = ()
    for path, seen in model.loads(subject, sandbox):
        record = record or _record(seen)
        if seen.error:
            return Result(tuple(findings), record, _plain(f"{path}: {seen.error}"))
        findings += _load_findings(seen, path)
        loaded[path] = _answer(seen.stdout)
    return Result(tuple(findings), (*record, Evidence("loaded", loaded)))


def _load_findings(seen: Observation, path: str) -> list[Finding]:
    if seen.breached:
        return [_breach(seen, "model", path, Level.ERROR)]
    if seen.exit_code != 0:
        message = f"“{path}” did not load: {_last_line(seen)}"
        return [_finding("load-failed", Level.WARNING, message, path)]
    answer = _answer(seen.stdout)
    if not isinstance(answer, dict):
        message = f"“{path}” made the loader say something else than what it saw."
        return [_finding("load-odd", Level.WARNING, message, path)]
    return list(_answer_findings(answer, path))


def _answer_findings(answer: dict[str, object], path: str) -> Iterator[Finding]:
    if answer.get("fault"):
        message = f"“{path}” loads, but did not run on zeros: {answer['fault']}"
        yield _finding("not-run", Level.NOTE, message, path)
    if answer.get("finite") is False:
        yield _finding("not-finite", Level.WARNING, f"“{path}” holds NaN or infinity.", path)


def _start(subject: Subject, sandbox: Sandbox) -> Result:
    is_agent = subject.format is Format.PYTHON_AGENT
    requests = (agent if is_agent else script).requests_of(subject)
    if not requests and is_agent:
        return Result(incomplete="It declares no Python entry point that can be started.")
    findings: list[Finding] = []
    runs: dict[str, dict[str, object]] = {}
    record: tuple[Evidence, ...] = ()
    for label, request in requests[: script.MAX_SCRIPTS]:
        seen = sandbox.run(request)
        record = record or _record(seen)
        if seen.error:
            return Result(tuple(findings), record, _plain(f"{label}: {seen.error}"))
        runs[label] = {"exitCode": seen.exit_code, "breached": seen.breached}
        if turns := agent.turns_of(seen):
            runs[label]["turns"] = turns
        findings += _start_findings(subject, label, seen)
    counts = {"found": len(requests), "started": len(runs)}
    evidence = (*record, Evidence("runs", runs), Evidence("scripts", counts))
    return Result(tuple(findings), evidence)


def _start_findings(subject: Subject, label: str, seen: Observation) -> list[Finding]:
    waits = subject.format is Format.PYTHON_AGENT and seen.breached == "wall-time"
    if seen.breached and not waits:
        return [_breach(seen, "script", label)]
    if seen.exit_code in {0, None}:
        return []
    crashed = subject.format is Format.PYTHON_AGENT
    message = f"“{label}” ended with code {seen.exit_code} when started: {_last_line(seen)}"
    return [_finding("exit-code", Level.WARNING if crashed else Level.NOTE, message, label)]


def _record(seen: Observation) -> tuple[Evidence, ...]:
    """What two runs of the same thing have in common: no times."""
    return (
        Evidence("isolation", seen.isolation),
        Evidence(
            "run",
            {
                "handshake": seen.handshake,
                "protocolVersion": _plain(seen.protocol_version)[:40],
                "serverName": _plain(seen.server_name)[:200],
                "exitCode": seen.exit_code,
                "breached": seen.breached,
            },
        ),
    )


def _since_approval(result: Result, approved: ApprovedTools | None) -> Iterator[Finding]:
    """Tools that the running server describes otherwise than the approved version did."""
    seen = next((item.content for item in result.evidence if item.name == "tools"), None)
    if approved is None or approved.listed is None or not isinstance(seen, list):
        return
    listed = {tool["name"]: tool["digest"] for tool in seen}
    for change, name in changes(approved.listed, listed):
        level = Level.WARNING if change is Change.CHANGED else Level.NOTE
        message = f"The tool “{name[:80]}” was {change} since version {approved.version}."
        yield _finding(f"{change}-tool", level, message)


def _tool(tool: ObservedTool) -> dict[str, str]:
    return {
        "name": _plain(tool.name)[:200],
        "digest": digest_of_definition(tool.definition),
        "description": _plain(str(tool.definition.get("description", "")))[:2000],
    }


def _declared(subject: Subject, seen: Observation) -> Iterator[Finding]:
    """Tools that were listed against tools that were declared, where any were."""
    declared = set(subject.declared.tools)
    listed = {tool.name[:200] for tool in seen.tools}
    if not declared:
        return
    for name in sorted(listed - declared):
        yield _finding("undeclared-tool", Level.WARNING, f"The tool “{name}” is not declared.")
    for name in sorted(declared - listed):
        yield _finding("missing-tool", Level.NOTE, f"The declared tool “{name}” is not listed.")


def _poisoned(tools: Iterable[ObservedTool]) -> Iterator[Finding]:
    """The definitions as the model would see them, which no scan of the source can promise."""
    for tool in tools:
        levels = {level for text in _strings(tool.definition) if (level := _level_of(text))}
        name = _plain(tool.name)[:80]
        if Level.ERROR in levels:
            message = f"The running server gives the tool “{name}” a text that works against users."
            yield _finding("poisoned-tool", Level.ERROR, message)
        elif levels:
            message = f"The running server gives the tool “{name}” a text that instructs the model."
            yield _finding("doubtful-tool", Level.WARNING, message)


def _told(instructions: str) -> Iterator[Finding]:
    """What clients put before every model, whether or not a tool is used."""
    level = _level_of(instructions)
    if level is Level.ERROR:
        message = "The running server gives models instructions that work against users."
        yield _finding("poisoned-instructions", level, message)
    elif level is not None:
        message = "The running server's instructions try to take over the model."
        yield _finding("doubtful-instructions", level, message)


def _level_of(text: str) -> Level | None:
    hidden = {hidden.hiding for hidden in hidden_in(text)}
    if hidden & _GRAVE:
        return Level.ERROR
    level = gravest(intents_in(text, tool=True))
    return Level.WARNING if level is None and hidden - {Hiding.INVISIBLE} else level


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, item in value.items():
                yield str(name)
                yield from _strings(item)
        case list():
            for item in value:
                yield from _strings(item)
        case _:
            return


def _answer(stdout: str) -> object:
    """What our script printed; None when the guest printed something of its own."""
    try:
        return json.loads(_plain(stdout.replace("\\u0000", "\ufffd")))
    except (ValueError, RecursionError):
        return None


def _plain(text: str) -> str:
    """Text that JSON columns and UTF-8 can hold: no NUL, no lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _last_line(seen: Observation) -> str:
    lines = [line for line in seen.stderr.splitlines() if not line.startswith(agent.TRANSCRIPT)]
    last = next((line for line in reversed(lines) if line.strip()), "nothing")
    return "".join(c if c.isprintable() else " " for c in last)[:300]


def _breach(seen: Observation, what: str, path: str = "", level: Level = Level.WARNING) -> Finding:
    message = f"The {what} had to be ended: it went over its limit on {seen.breached}."
    return _finding(f"limit-{seen.breached}", level, message, path)


def _finding(what: str, level: Level, message: str, path: str = "") -> Finding:
    return Finding(
        rule=f"sandbox-smoke.{what}",
        level=level,
        message=_plain(message),
        location=Location(path) if path else None,
        fix="Run it under the same limits yourself and mend what the message names.",
        standards=_STANDARDS,
    )


def _applies(subject: Subject) -> bool:
    """Formats this machine can run: pickles, Torch and Keras files are never loaded."""
    runnable = {*_SERVERS, *_SCRIPTED, *model.LOADERS, Format.PYTHON_AGENT}
    return subject.format in runnable and subject.unpacked


CHECK = Check(
    id="sandbox-smoke",
    version=4,
    stage=Stage.SANDBOX,
    title="Runs in the sandbox within its limits",
    why="What a thing does when it runs is the only proof of what it does when it runs.",
    remedy="Make it start, answer and stay within the limits that the message names.",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
