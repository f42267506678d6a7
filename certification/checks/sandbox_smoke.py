"""Runs the thing once in a sealed room: does it start, answer, load, and stay within bounds?"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from certification.ports import (
    Limits,
    Observation,
    ObservedTool,
    RunRequest,
    Sandbox,
    SandboxUnavailableError,
)
from certification.readers.intent import ALONE, normalised, pair_in, signals_in
from certification.readers.unicode_text import hidden_in
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
_MAX_SCRIPTS = 10
_SCRIPT_LIMITS = Limits(wall_seconds=10, cpu_seconds=8, memory_bytes=512 * 1024 * 1024)
_LOAD_LIMITS = Limits(wall_seconds=60, cpu_seconds=50, memory_bytes=2 * 1024 * 1024 * 1024)

_SAFETENSORS = """
import json, struct, sys
import numpy
TYPES = {"F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1",
         "U64": "u8", "U32": "u4", "U16": "u2", "U8": "u1", "BOOL": "?"}
data = numpy.memmap(sys.argv[1], mode="r")
size = struct.unpack("<Q", bytes(data[:8]))[0]
header = json.loads(bytes(data[8:8 + size]))
header.pop("__metadata__", None)
finite = checked = 0
for name, tensor in header.items():
    start, end = tensor["data_offsets"]
    if tensor["dtype"] in TYPES:
        values = data[8 + size + start:8 + size + end].view(TYPES[tensor["dtype"]])
        values.reshape(tensor["shape"])
        checked += 1
        if values.dtype.kind != "f" or end - start > 2**26 or numpy.isfinite(values).all():
            finite += 1
print(json.dumps({"tensors": len(header), "read": checked, "finite": finite == checked}))
"""
_ONNX = """
import hashlib, json, sys
import numpy, onnxruntime
onnxruntime.set_default_logger_severity(3)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
TYPES = {"float": "f4", "double": "f8", "float16": "f2", "int64": "i8", "int32": "i4", "int8": "i1",
         "uint8": "u1", "bool": "?"}
def shape_of(value):
    return [d if isinstance(d, int) and d > 0 else 1 for d in value.shape]
feed = {v.name: numpy.zeros(shape_of(v), TYPES[v.type.removeprefix("tensor(").removesuffix(")")])
        for v in session.get_inputs()}
outputs = session.run(None, feed)
print(json.dumps({
    "inputs": {v.name: shape_of(v) for v in session.get_inputs()},
    "outputs": [list(numpy.shape(o)) for o in outputs],
    "sha256": hashlib.sha256(b"".join(numpy.asarray(o).tobytes() for o in outputs)).hexdigest(),
}))
"""
_GGUF = """
import json, struct, sys
with open(sys.argv[1], "rb") as file:
    magic, version, tensors, values = struct.unpack("<4sIQQ", file.read(24))
assert magic == b"GGUF", magic
print(json.dumps({"version": version, "tensors": tensors, "values": values}))
"""
_LOADERS = {
    Format.SAFETENSORS: (".safetensors", _SAFETENSORS),
    Format.ONNX: (".onnx", _ONNX),
    Format.GGUF: (".gguf", _GGUF),
}


def _run(subject: Subject, tools: Tools) -> Result:
    if tools.sandbox is None:
        return Result(incomplete="There is no sandbox here to run it in.")
    try:
        return _exercise(subject.format)(subject, tools.sandbox)
    except SandboxUnavailableError as fault:
        return Result(incomplete=str(fault))


def _exercise(kind: Format) -> Callable[[Subject, Sandbox], Result]:
    if kind in _SERVERS:
        return _serve
    return _load if kind in _LOADERS else _start


def _serve(subject: Subject, sandbox: Sandbox) -> Result:
    entry = subject.declared.entry_point
    if entry is None or entry.runtime == "none" or entry.transport != "stdio":
        return Result(incomplete="It declares no entry point that can be started over stdio.")
    runtime: Literal["node", "python"] = "node" if entry.runtime == "node" else "python"
    seen = sandbox.run(
        RunRequest(
            artifact=subject.root,
            command=entry.command,
            runtime=runtime,
            protocol="mcp",
            packages=True,
            limits=Limits(wall_seconds=45),
        )
    )
    evidence = (*_record(seen), Evidence("tools", [_tool(tool) for tool in seen.tools]))
    if seen.breached:
        return Result((_breach(seen, "server"),), evidence)
    if not seen.handshake:
        why = seen.error or "it gave no answer"
        said = seen.stderr.strip().splitlines()[-1:] or [""]
        return Result((), evidence, f"The MCP handshake failed: {why}. {said[0][:200]}".strip())
    findings = [*_declared(subject, seen), *_poisoned(seen.tools)]
    return Result(tuple(findings), evidence)


def _load(subject: Subject, sandbox: Sandbox) -> Result:
    suffix, script = _LOADERS[subject.format]
    paths = [file.path for file in subject.files if file.path.endswith(suffix)][:_MAX_SCRIPTS]
    if not paths:
        return Result(incomplete=f"No {suffix} file was found to load.")
    findings: list[Finding] = []
    loaded: dict[str, object] = {}
    record: tuple[Evidence, ...] = ()
    for path in paths:
        seen = sandbox.run(
            RunRequest(
                artifact=subject.root,
                command=("python", "/assay/script.py", path),
                runtime="python",
                script=script,
                model_libraries=subject.format is not Format.GGUF,
                limits=_LOAD_LIMITS,
            )
        )
        record = record or _record(seen)
        findings += _load_findings(seen, path)
        loaded[path] = _answer(seen.stdout)
    return Result(tuple(findings), (*record, Evidence("loaded", loaded)))


def _load_findings(seen: Observation, path: str) -> list[Finding]:
    if seen.breached:
        return [_breach(seen, "model", path, Level.ERROR)]
    if seen.exit_code != 0:
        said = (seen.stderr.strip().splitlines() or ["no reason given"])[-1]
        return [
            _finding("load-failed", Level.WARNING, f"“{path}” did not load: {said[:300]}", path)
        ]
    answer = _answer(seen.stdout)
    if isinstance(answer, dict) and answer.get("finite") is False:
        return [_finding("not-finite", Level.WARNING, f"“{path}” holds NaN or infinity.", path)]
    return []


def _start(subject: Subject, sandbox: Sandbox) -> Result:
    """Skills, plugins and Python agents: what can be started is started once, without arguments."""
    findings: list[Finding] = []
    runs: dict[str, object] = {}
    record: tuple[Evidence, ...] = ()
    for label, request in _requests(subject):
        seen = sandbox.run(request)
        record = record or _record(seen)
        if seen.error:
            return Result(tuple(findings), record, f"{label}: {seen.error}")
        runs[label] = {"exitCode": seen.exit_code, "breached": seen.breached}
        findings += _start_findings(subject, label, seen)
    return Result(tuple(findings), (*record, Evidence("runs", runs)))


def _start_findings(subject: Subject, label: str, seen: Observation) -> list[Finding]:
    waits = subject.format is Format.PYTHON_AGENT and seen.breached == "wall-time"
    if seen.breached and not waits:
        return [_breach(seen, "script", label)]
    if seen.exit_code in {0, None}:
        return []
    crashed = subject.format is Format.PYTHON_AGENT
    said = (seen.stderr.strip().splitlines() or ["no reason given"])[-1]
    message = f"“{label}” ended with code {seen.exit_code} when started: {said[:300]}"
    return [_finding("exit-code", Level.WARNING if crashed else Level.NOTE, message, label)]


def _requests(subject: Subject) -> Iterator[tuple[str, RunRequest]]:
    entry = subject.declared.entry_point
    if subject.format is Format.PYTHON_AGENT and entry is not None and entry.runtime == "python":
        yield (
            " ".join(entry.command),
            RunRequest(
                artifact=subject.root,
                command=entry.command,
                runtime="python",
                packages=True,
                limits=_SCRIPT_LIMITS,
            ),
        )
    if subject.format not in _SCRIPTED:
        return
    scripts = [f.path for f in subject.files if f.path.endswith((".py", ".js", ".mjs", ".cjs"))]
    for path in scripts[:_MAX_SCRIPTS]:
        python = path.endswith(".py")
        yield (
            path,
            RunRequest(
                artifact=subject.root,
                command=("python" if python else "node", path),
                runtime="python" if python else "node",
                limits=_SCRIPT_LIMITS,
            ),
        )


def _record(seen: Observation) -> tuple[Evidence, ...]:
    """What two runs of the same thing have in common: no times."""
    return (
        Evidence("isolation", seen.isolation),
        Evidence(
            "run",
            {
                "handshake": seen.handshake,
                "protocolVersion": seen.protocol_version,
                "serverName": seen.server_name,
                "exitCode": seen.exit_code,
                "breached": seen.breached,
            },
        ),
    )


def _tool(tool: ObservedTool) -> dict[str, str]:
    canonical = json.dumps(tool.definition, sort_keys=True, separators=(",", ":"))
    return {
        "name": tool.name,
        "digest": "sha256:" + hashlib.sha256(canonical.encode()).hexdigest(),
        "description": str(tool.definition.get("description", ""))[:2000],
    }


def _declared(subject: Subject, seen: Observation) -> Iterator[Finding]:
    """Tools that were listed against tools that were declared, where any were."""
    declared = set(subject.declared.tools)
    listed = {tool.name for tool in seen.tools}
    if not declared:
        return
    for name in sorted(listed - declared):
        yield _finding("undeclared-tool", Level.WARNING, f"The tool “{name}” is not declared.")
    for name in sorted(declared - listed):
        yield _finding("missing-tool", Level.NOTE, f"The declared tool “{name}” is not listed.")


def _poisoned(tools: Iterable[ObservedTool]) -> Iterator[Finding]:
    """The definitions as the model would see them, which no scan of the source can promise."""
    for tool in tools:
        for text in _strings(tool.definition):
            found = signals_in(normalised(text))
            pair = pair_in(found)
            if pair is not None or any(hidden.spells for hidden in hidden_in(text)):
                yield _finding(
                    "poisoned-tool",
                    Level.ERROR,
                    f"The running server gives the tool “{tool.name[:80]}” a text that works "
                    "against the user.",
                )
            elif found & set(ALONE):
                yield _finding(
                    "doubtful-tool",
                    Level.WARNING,
                    f"The running server gives the tool “{tool.name[:80]}” a text that instructs "
                    "the model.",
                )


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _strings(item)
        case list():
            for item in value:
                yield from _strings(item)
        case _:
            return


def _answer(stdout: str) -> object:
    try:
        return json.loads(stdout)
    except ValueError:
        return None


def _breach(seen: Observation, what: str, path: str = "", level: Level = Level.WARNING) -> Finding:
    message = f"The {what} had to be ended: it went over its limit on {seen.breached}."
    return _finding(f"limit-{seen.breached}", level, message, path)


def _finding(what: str, level: Level, message: str, path: str = "") -> Finding:
    return Finding(
        rule=f"sandbox-smoke.{what}",
        level=level,
        message=message,
        location=Location(path) if path else None,
        fix="Run it under the same limits yourself and mend what the message names.",
        standards=_STANDARDS,
    )


def _applies(subject: Subject) -> bool:
    """Formats this machine can run: pickles, Torch and Keras files are never loaded."""
    runnable = {*_SERVERS, *_SCRIPTED, *_LOADERS, Format.PYTHON_AGENT}
    return subject.format in runnable and subject.unpacked


CHECK = Check(
    id="sandbox-smoke",
    version=1,
    stage=Stage.SANDBOX,
    title="Runs in the sandbox within its limits",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
