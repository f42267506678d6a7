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
from certification.readers.intent import ALONE, Signal, normalised, pair_in, signals_in
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
_MAX_SCRIPTS = 10
_GRAVE = frozenset({Hiding.TAGS, Hiding.SELECTORS, Hiding.BITS, Hiding.CONCEALED, Hiding.OVERRIDE})
_SCRIPT_LIMITS = Limits(wall_seconds=10, cpu_seconds=8, memory_bytes=512 * 1024 * 1024)
_LOAD_LIMITS = Limits(wall_seconds=60, cpu_seconds=50, memory_bytes=2 * 1024 * 1024 * 1024)

_SAFETENSORS = """
import json, math, struct, sys
import numpy
TYPES = {"F64": "f8", "F32": "f4", "F16": "f2", "BF16": "u2", "I64": "i8", "I32": "i4", "I16": "i2",
         "I8": "i1", "U64": "u8", "U32": "u4", "U16": "u2", "U8": "u1", "BOOL": "?"}
CHUNK, BUDGET = 2**22, 2**30
def is_finite(values, kind):
    if kind == "BF16":
        return bool(((values & 0x7f80) != 0x7f80).all())
    return values.dtype.kind != "f" or bool(numpy.isfinite(values).all())
data = numpy.memmap(sys.argv[1], mode="r")
size = struct.unpack("<Q", bytes(data[:8]))[0]
header = json.loads(bytes(data[8:8 + size]))
header.pop("__metadata__", None)
read, examined, finite = 0, 0, True
for name, tensor in header.items():
    start, end = tensor["data_offsets"]
    if tensor["dtype"] not in TYPES:
        continue
    values = data[8 + size + start:8 + size + end].view(TYPES[tensor["dtype"]])
    assert values.size == math.prod(tensor["shape"]), name
    read += 1
    for place in range(0, values.size, CHUNK):
        if examined >= BUDGET:
            break
        chunk = values[place:place + CHUNK]
        examined += chunk.size
        finite = finite and is_finite(chunk, tensor["dtype"])
print(json.dumps({"tensors": len(header), "read": read, "valuesExamined": examined,
                  "finite": finite}))
"""
#: Sizes that a model leaves open are tried from small to large: some need a minimum.
_ONNX = """
import hashlib, json, sys
import numpy, onnxruntime
onnxruntime.set_default_logger_severity(4)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
TYPES = {"float": "f4", "double": "f8", "float16": "f2", "int64": "i8", "int32": "i4",
         "int16": "i2", "int8": "i1", "uint64": "u8", "uint32": "u4", "uint16": "u2",
         "uint8": "u1", "bool": "?", "string": "O"}
def shape_of(value, size):
    return [d if isinstance(d, int) and d > 0 else size if n else 1
            for n, d in enumerate(value.shape)]
def zeros(value, size):
    kind = TYPES[value.type.removeprefix("tensor(").removesuffix(")")]
    return numpy.full(shape_of(value, size), "" if kind == "O" else 0, kind)
said = {"inputs": {}, "outputs": [], "sha256": "", "fault": ""}
for size in (1, 64, 512):
    try:
        outputs = session.run(None, {v.name: zeros(v, size) for v in session.get_inputs()})
    except Exception as fault:
        said["fault"] = said["fault"] or f"{type(fault).__name__}: {fault}"[:300]
        continue
    arrays = [numpy.asarray(output) for output in outputs]
    said = {
        "inputs": {v.name: shape_of(v, size) for v in session.get_inputs()},
        "outputs": [list(array.shape) for array in arrays],
        "sha256": hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest(),
        "finiteOutputs": all(bool(numpy.isfinite(a).all()) for a in arrays if a.dtype.kind == "f"),
        "fault": "",
    }
    break
print(json.dumps(said))
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
                command=("python", "/assay/script.py", f"./{path}"),
                runtime="python",
                script=script,
                model_libraries=subject.format is not Format.GGUF,
                limits=_LOAD_LIMITS,
            )
        )
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
    """Skills, plugins and Python agents: what can be started is started once, without arguments."""
    requests = _requests(subject)
    if not requests and subject.format is Format.PYTHON_AGENT:
        return Result(incomplete="It declares no Python entry point that can be started.")
    findings: list[Finding] = []
    runs: dict[str, object] = {}
    record: tuple[Evidence, ...] = ()
    for label, request in requests[:_MAX_SCRIPTS]:
        seen = sandbox.run(request)
        record = record or _record(seen)
        if seen.error:
            return Result(tuple(findings), record, _plain(f"{label}: {seen.error}"))
        runs[label] = {"exitCode": seen.exit_code, "breached": seen.breached}
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


def _requests(subject: Subject) -> list[tuple[str, RunRequest]]:
    """What can be started, by the name that findings give it."""
    entry = subject.declared.entry_point
    if subject.format is Format.PYTHON_AGENT:
        if entry is None or entry.runtime != "python":
            return []
        request = RunRequest(
            artifact=subject.root,
            command=entry.command,
            runtime="python",
            packages=True,
            limits=_SCRIPT_LIMITS,
        )
        return [(" ".join(entry.command), request)]
    scripts = [f.path for f in subject.files if f.path.endswith((".py", ".js", ".mjs", ".cjs"))]
    return [(path, _script(subject, path)) for path in scripts]


def _script(subject: Subject, path: str) -> RunRequest:
    runtime: Literal["python", "node"] = "python" if path.endswith(".py") else "node"
    return RunRequest(
        artifact=subject.root,
        command=(runtime, f"./{path}"),
        runtime=runtime,
        limits=_SCRIPT_LIMITS,
    )


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


def _tool(tool: ObservedTool) -> dict[str, str]:
    canonical = json.dumps(tool.definition, sort_keys=True, separators=(",", ":"))
    return {
        "name": _plain(tool.name)[:200],
        "digest": "sha256:" + hashlib.sha256(canonical.encode()).hexdigest(),
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
    found = signals_in(normalised(text))
    hidden = {hidden.hiding for hidden in hidden_in(text)}
    if pair_in(found) or Signal.DECODE in found or hidden & _GRAVE:
        return Level.ERROR
    return Level.WARNING if found & set(ALONE) or hidden - {Hiding.INVISIBLE} else None


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
    lines = seen.stderr.strip().splitlines() or ["nothing"]
    return "".join(c if c.isprintable() else " " for c in lines[-1])[:300]


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
    runnable = {*_SERVERS, *_SCRIPTED, *_LOADERS, Format.PYTHON_AGENT}
    return subject.format in runnable and subject.unpacked


CHECK = Check(
    id="sandbox-smoke",
    version=2,
    stage=Stage.SANDBOX,
    title="Runs in the sandbox within its limits",
    standards=_STANDARDS,
    applies_to=_applies,
    run=_run,
)
