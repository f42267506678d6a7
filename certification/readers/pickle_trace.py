"""What is recorded of a pickle stream, and the symbolic values its machine works on."""

import math
from dataclasses import dataclass, field

_DTYPE_ITEMSIZE = 5  # index in the state of a pickled numpy dtype
_UNICODE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Global:
    """An import `module.name`, by the instruction at `offset`."""

    module: str
    name: str
    offset: int

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Call:
    """Something is called at `offset`; `target` is None when it is computed."""

    opcode: str
    target: Global | None
    offset: int


@dataclass(frozen=True, slots=True)
class Problem:
    """`kind` is one of: malformed, budget, unresolved, extension, memo-overwrite, memo-size,
    computed, class-state, array."""

    kind: str
    message: str
    offset: int


@dataclass(slots=True)
class Trace:
    """What one stream, from `start` to `end`, imports and calls; `stopped` says STOP was met."""

    start: int
    end: int = 0
    stopped: bool = False
    operations: int = 0
    result: object = None
    inline_arrays: int = 0
    persistent: int = 0
    globals: list[Global] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    payloads: list[tuple[int, bytes | str]] = field(default_factory=list)


@dataclass(slots=True)
class Made:
    """The result of calling `target`, as far as it is known."""

    target: Global | None
    arguments: object = None
    state: object = None


@dataclass(slots=True)
class Mapping:
    """A dictionary; only items with text keys are kept."""

    items: dict[str, object] = field(default_factory=dict)


class Unknown:
    """A value nothing is decided on."""


UNKNOWN = Unknown()


def array_bytes(state: dict[str, object]) -> int | None:
    """Bytes of a joblib array from its wrapper's state; -1 for an array of objects."""
    shape, dtype = state.get("shape"), state.get("dtype")
    if not isinstance(shape, tuple) or not isinstance(dtype, Made):
        return None
    code = dtype.arguments[0] if isinstance(dtype.arguments, tuple) and dtype.arguments else None
    if not isinstance(code, str) or not all(isinstance(n, int) and n >= 0 for n in shape):
        return None
    if code.lstrip("<>|=").startswith("O") or _has_objects(dtype.state):
        return -1
    width = _item_bytes(code.lstrip("<>|="), dtype.state)
    return None if width is None else math.prod(shape) * width


def _item_bytes(code: str, state: object) -> int | None:
    if isinstance(state, tuple) and len(state) > _DTYPE_ITEMSIZE:
        width = state[_DTYPE_ITEMSIZE]
        if isinstance(width, int) and width > 0:
            return width
    if not code[1:].isascii() or not code[1:].isdigit():
        return None
    return int(code[1:]) * (_UNICODE_BYTES if code[0] == "U" else 1)


def _has_objects(state: object) -> bool:
    """Numpy says in the last word of a dtype's state whether it holds references."""
    flags = state[-1] if isinstance(state, tuple) and len(state) > _DTYPE_ITEMSIZE + 2 else 0
    return isinstance(flags, int) and bool(flags & 1)
