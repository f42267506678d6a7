"""Reads of an ONNX model what leads out of it: external data, domains and operators.

Field numbers are those of onnx.proto3 (ONNX 1.17, IR version 10).
"""

from collections import Counter
from dataclasses import dataclass, field

from certification.readers.mapped import Buffer
from certification.readers.protobuf import Field, WireError, fields

MAX_NODES = 500_000
MAX_DEPTH = 32
_MODEL_FIELDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})
_IR_VERSION, _GRAPH, _OPSET, _FUNCTION = 1, 7, 8, 25
_FUNCTION_NODE, _FUNCTION_DOMAIN = 7, 10
_GRAPH_INITIALIZER, _GRAPH_SPARSE = 5, 15
_NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14


@dataclass(frozen=True, slots=True)
class External:
    """A tensor whose bytes are in another file, as the model says; offsets in bytes."""

    location: str
    offset: str
    length: str
    at: int


@dataclass(slots=True)
class Model:
    """What a model imports: versions of operator domains, operators used, external tensors."""

    ir_version: int = 0
    graphs: int = 0
    nodes: int = 0
    opsets: dict[str, int] = field(default_factory=dict)
    operators: Counter[tuple[str, str]] = field(default_factory=Counter)
    functions: set[tuple[str, str]] = field(default_factory=set)
    external: list[External] = field(default_factory=list)


def looks_like_onnx(data: Buffer) -> bool:
    """The top level reads as a ModelProto with an IR version and a graph."""
    seen: dict[int, bool] = {}
    try:
        for part in fields(data, 0, len(data)):
            if part.number not in _MODEL_FIELDS:
                return False
            seen[part.number] = part.sized
    except WireError:
        return False
    return seen.get(_IR_VERSION) is False and seen.get(_GRAPH) is True


def read(data: Buffer) -> Model:
    """Everything a model refers to, subgraphs and functions included; raises WireError."""
    model = Model()
    for part in fields(data, 0, len(data)):
        if part.number == _IR_VERSION:
            model.ir_version = part.value
        elif part.number == _GRAPH:
            _graph(data, part, model, 0)
        elif part.number == _OPSET:
            domain, version = _opset(data, part)
            model.opsets[domain] = version
        elif part.number == _FUNCTION:
            _function(data, part, model)
    if not model.ir_version or not model.graphs:
        raise WireError("there is no IR version or no graph")
    return model


def _opset(data: Buffer, place: Field) -> tuple[str, int]:
    domain, version = "", 0
    for part in fields(data, place.start, place.end):
        if part.number == 1:
            domain = part.text(data)
        else:
            version = part.value
    return domain, version


def _function(data: Buffer, place: Field, model: Model) -> None:
    name = domain = ""
    for part in fields(data, place.start, place.end):
        if part.number == 1:
            name = part.text(data)
        elif part.number == _FUNCTION_DOMAIN:
            domain = part.text(data)
        elif part.number == _FUNCTION_NODE:
            _node(data, part, model, 0)
    model.functions.add((domain, name))


def _graph(data: Buffer, place: Field, model: Model, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise WireError(f"graphs nested deeper than {MAX_DEPTH}")
    model.graphs += 1
    for part in fields(data, place.start, place.end):
        if part.number == 1:
            _node(data, part, model, depth)
        elif part.number == _GRAPH_INITIALIZER:
            _tensor(data, part, model)
        elif part.number == _GRAPH_SPARSE:
            _sparse(data, part, model)


def _node(data: Buffer, place: Field, model: Model, depth: int) -> None:
    operator = domain = ""
    model.nodes += 1
    if model.nodes > MAX_NODES:
        raise WireError(f"more than {MAX_NODES} nodes")
    for part in fields(data, place.start, place.end):
        if part.number == _NODE_OPERATOR:
            operator = part.text(data)
        elif part.number == _NODE_DOMAIN:
            domain = part.text(data)
        elif part.number == _NODE_ATTRIBUTE:
            _attribute(data, part, model, depth)
    model.operators[domain, operator] += 1


def _attribute(data: Buffer, place: Field, model: Model, depth: int) -> None:
    for part in fields(data, place.start, place.end):
        if part.number in {5, 10}:
            _tensor(data, part, model)
        elif part.number in {6, 11}:
            _graph(data, part, model, depth + 1)
        elif part.number in {22, 23}:
            _sparse(data, part, model)


def _sparse(data: Buffer, place: Field, model: Model) -> None:
    for part in fields(data, place.start, place.end):
        if part.number in {1, 2}:
            _tensor(data, part, model)


def _tensor(data: Buffer, place: Field, model: Model) -> None:
    entries: dict[str, str] = {}
    outside = False
    for part in fields(data, place.start, place.end):
        if part.number == _TENSOR_EXTERNAL:
            pair = {f.number: f.text(data) for f in fields(data, part.start, part.end)}
            entries[pair.get(1, "")] = pair.get(2, "")
        elif part.number == _TENSOR_LOCATION:
            outside = outside or part.value == 1
    if entries or outside:
        model.external.append(
            External(
                entries.get("location", ""),
                entries.get("offset", "0"),
                entries.get("length", ""),
                place.start,
            )
        )
