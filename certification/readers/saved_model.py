"""Reads the operator names of TensorFlow graphs: SavedModel and frozen GraphDef.

Field numbers are those of saved_model.proto, meta_graph.proto, graph.proto and function.proto.
"""

from collections import Counter
from collections.abc import Iterator

from certification.readers.mapped import Buffer
from certification.readers.protobuf import Field, WireError, fields

MAX_NODES = 2_000_000
_NODE_OPERATOR = 2


def looks_like_saved_model(data: Buffer) -> bool:
    """A schema version and meta graphs, and nothing else on the top level."""
    seen: set[tuple[int, bool]] = set()
    try:
        for part in fields(data, 0, len(data)):
            seen.add((part.number, part.sized))
    except WireError:
        return False
    return (2, True) in seen and seen <= {(1, False), (2, True)}


def looks_like_graph(data: Buffer) -> bool:
    """A frozen GraphDef: nodes with a name and an operator on the top level."""
    try:
        for part in fields(data, 0, len(data)):
            inner = {f.number: f.sized for f in fields(data, part.start, part.end)}
            return part.sized and part.number == 1 and inner.get(1, False) and inner.get(2, False)
    except WireError:
        return False
    return False


def operators(data: Buffer, *, graph: bool = False) -> Counter[str]:
    """How often each operator is used, library functions included; `graph` reads a GraphDef.
    Raises WireError."""
    found: Counter[str] = Counter()
    whole = Field(0, 0, 0, len(data), sized=True)
    graphs = [whole] if graph else list(_parts(data, [whole], 2, 2))
    libraries = list(_parts(data, graphs, 2, 1))
    nodes = [*_parts(data, graphs, 1), *_parts(data, libraries, 3)]
    if len(nodes) > MAX_NODES:
        raise WireError(f"more than {MAX_NODES} nodes")
    for node in nodes:
        for part in fields(data, node.start, node.end):
            if part.number == _NODE_OPERATOR:
                found[part.text(data)] += 1
    if not found:
        raise WireError("there is no node")
    return found


def _parts(data: Buffer, places: list[Field], *path: int) -> Iterator[Field]:
    """The messages reached from each place by following the field numbers of `path`."""
    if not path:
        yield from places
        return
    for place in places:
        inner = [
            part
            for part in fields(data, place.start, place.end)
            if part.number == path[0] and part.sized
        ]
        yield from _parts(data, inner, *path[1:])
