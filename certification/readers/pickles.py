"""Walks pickles symbolically: what a stream would import and call, without doing either.

Every import is resolved through the stack and the memo as the real machine would resolve it;
what cannot be resolved is said. Positions are byte offsets into the given buffer.
"""

from collections.abc import Callable

from certification.readers.mapped import Buffer
from certification.readers.pickle_opcodes import Instruction, MalformedError, decode
from certification.readers.pickle_trace import (
    UNKNOWN,
    Call,
    Global,
    Made,
    Mapping,
    Problem,
    Trace,
    array_bytes,
)

MAX_OPERATIONS = 10_000_000
MAX_RECORDS = 20_000
MAX_NESTED = 8
MAX_MARKS = 100_000
_PROTOCOLS = 5
#: Bytes constants that may be pickles themselves; more than this many are not kept.
MAX_PAYLOADS = 256
MIN_PAYLOAD = 8
_PAYLOAD_HEADS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_TEXT_PAYLOAD_HEADS = ("8002", "8003", "8004", "8005", "gAI", "gAM", "gAQ", "gAS", "gAW")
_JOBLIB_ARRAY = ("joblib.numpy_pickle", "NumpyArrayWrapper")


def trace(
    data: Buffer,
    start: int = 0,
    end: int | None = None,
    *,
    arrays: bool = True,
    depth: int = 0,
) -> Trace:
    """Walk the one stream that starts at `start`; never raises on content.

    `arrays` skips the array bytes that joblib writes into the stream, as joblib does when it
    loads; without it the bytes are read as instructions, as a plain unpickler does.
    """
    walk = _Walk(data, start, len(data) if end is None else end, depth=depth)
    walk.arrays = arrays
    try:
        walk.run()
    except MalformedError as problem:
        walk.problem("malformed", problem.what, problem.offset)
    except _BudgetError as problem:
        walk.problem("budget", str(problem), walk.position)
    walk.trace.end = walk.position
    return walk.trace


class _BudgetError(Exception):
    pass


class _Walk:
    """The machine: stack, marks and memo over symbolic values."""

    def __init__(self, data: Buffer, start: int, end: int, *, depth: int) -> None:
        self.data = data
        self.position = start
        self.end = end
        self.depth = depth
        self.arrays = True
        self.stack: list[object] = []
        self.marks: list[list[object]] = []
        self.memo: dict[int, object] = {}
        self.trace = Trace(start)

    def run(self) -> None:
        handlers: dict[str, Callable[[_Walk, Instruction], None]] = _HANDLERS
        while not self.trace.stopped:
            step = decode(self.data, self.position, self.end)
            self.trace.operations += 1
            if self.trace.operations > MAX_OPERATIONS:
                raise _BudgetError(f"more than {MAX_OPERATIONS} instructions")
            handlers[step.name](self, step)
            self.position = max(self.position, step.end)

    def problem(self, kind: str, message: str, offset: int) -> None:
        if len(self.trace.problems) < MAX_RECORDS:
            self.trace.problems.append(Problem(kind, message, offset))

    def pop(self, step: Instruction) -> object:
        if not self.stack:
            raise MalformedError(f"{step.name} on an empty stack", step.offset)
        return self.stack.pop()

    def top(self, step: Instruction) -> object:
        if not self.stack:
            raise MalformedError(f"{step.name} on an empty stack", step.offset)
        return self.stack[-1]

    def pop_mark(self, step: Instruction) -> list[object]:
        if not self.marks:
            raise MalformedError(f"{step.name} without a mark", step.offset)
        items, self.stack = self.stack, self.marks.pop()
        return items

    def imported(self, module: str, name: str, offset: int) -> Global:
        found = Global(module, name, offset)
        if len(self.trace.globals) >= MAX_RECORDS:
            raise _BudgetError(f"more than {MAX_RECORDS} imports")
        self.trace.globals.append(found)
        return found

    def called(self, target: object, arguments: object, step: Instruction) -> None:
        known = target if isinstance(target, Global) else None
        if known is None:
            self.problem("computed", f"{step.name} calls a computed value", step.offset)
        if len(self.trace.calls) < MAX_RECORDS:
            self.trace.calls.append(Call(step.name, known, step.offset))
        self.stack.append(Made(known, arguments))

    def payload(self, value: object, offset: int) -> None:
        if not isinstance(value, (bytes, str)) or len(value) < MIN_PAYLOAD:
            return
        likely = (
            value.startswith(_PAYLOAD_HEADS)
            if isinstance(value, bytes)
            else value.startswith(_TEXT_PAYLOAD_HEADS)
        )
        if likely and len(self.trace.payloads) < MAX_PAYLOADS:
            self.trace.payloads.append((offset, value))

    def skip_array(self, made: Made, offset: int) -> None:
        """Move over an array that joblib wrote after BUILD of its wrapper."""
        self.trace.inline_arrays += 1
        state = made.state.items if isinstance(made.state, Mapping) else {}
        size = array_bytes(state)
        if size is None:
            self.problem("array", "an inline array has no readable shape and type", offset)
            raise MalformedError("an inline array of unknown size", offset)
        if size < 0:
            self.nested(offset)
            return
        if state.get("numpy_array_alignment_bytes") is not None and self.position < self.end:
            size += 1 + self.data[self.position]
        if size > self.end - self.position:
            raise MalformedError("an inline array runs past the end", offset)
        self.position += size

    def nested(self, offset: int) -> None:
        """An object array is a pickle stream of its own inside the stream."""
        if self.depth >= MAX_NESTED:
            raise _BudgetError("pickles nested too deep")
        inner = trace(self.data, self.position, self.end, depth=self.depth + 1)
        self.trace.operations += inner.operations
        self.trace.globals += inner.globals
        self.trace.calls += inner.calls
        self.trace.problems += inner.problems
        if not inner.stopped:
            raise MalformedError("a nested stream does not end", offset)
        self.position = inner.end


def _mark(walk: _Walk, step: Instruction) -> None:
    if len(walk.marks) >= MAX_MARKS:
        raise _BudgetError(f"more than {MAX_MARKS} open marks")
    walk.marks.append(walk.stack)
    walk.stack = []


def _stop(walk: _Walk, step: Instruction) -> None:
    walk.trace.result = walk.pop(step)
    walk.trace.stopped = True


def _pop(walk: _Walk, step: Instruction) -> None:
    if walk.stack:
        walk.stack.pop()
    else:
        walk.pop_mark(step)


def _pop_mark(walk: _Walk, step: Instruction) -> None:
    walk.pop_mark(step)


def _dup(walk: _Walk, step: Instruction) -> None:
    walk.stack.append(walk.top(step))


def _constant(walk: _Walk, step: Instruction) -> None:
    walk.stack.append(step.argument)
    walk.payload(step.argument, step.offset)


def _none(walk: _Walk, step: Instruction) -> None:
    walk.stack.append(None)


def _unknown(walk: _Walk, step: Instruction) -> None:
    walk.stack.append(UNKNOWN)


def _empty_tuple(walk: _Walk, step: Instruction) -> None:
    walk.stack.append(())


def _empty_dict(walk: _Walk, step: Instruction) -> None:
    walk.stack.append(Mapping())


def _tuple(walk: _Walk, step: Instruction) -> None:
    items = walk.pop_mark(step)
    walk.stack.append(tuple(items))


def _short_tuple(walk: _Walk, step: Instruction) -> None:
    items = [walk.pop(step) for _ in range(int(step.name[-1]))]
    walk.stack.append(tuple(reversed(items)))


def _collection(walk: _Walk, step: Instruction) -> None:
    walk.pop_mark(step)
    walk.stack.append(UNKNOWN)


def _dict(walk: _Walk, step: Instruction) -> None:
    items = walk.pop_mark(step)
    mapping = Mapping()
    _store(mapping, items)
    walk.stack.append(mapping)


def _append(walk: _Walk, step: Instruction) -> None:
    walk.pop(step)
    _filled(walk, step, [])


def _appends(walk: _Walk, step: Instruction) -> None:
    walk.pop_mark(step)
    _filled(walk, step, [])


def _set_item(walk: _Walk, step: Instruction) -> None:
    value = walk.pop(step)
    _filled(walk, step, [walk.pop(step), value])


def _set_items(walk: _Walk, step: Instruction) -> None:
    _filled(walk, step, walk.pop_mark(step))


def _filled(walk: _Walk, step: Instruction, items: list[object]) -> None:
    target = walk.top(step)
    if isinstance(target, Mapping):
        _store(target, items)
    elif isinstance(target, Global):
        walk.problem("class-state", f"{step.name} on the class {target}", step.offset)


def _store(mapping: Mapping, items: list[object]) -> None:
    for key, value in zip(items[::2], items[1::2], strict=False):
        if isinstance(key, str):
            mapping.items[key] = value


def _get(walk: _Walk, step: Instruction) -> None:
    index = step.argument
    if not isinstance(index, int) or index not in walk.memo:
        raise MalformedError(f"memo entry {index!r} was never written", step.offset)
    walk.stack.append(walk.memo[index])


def _put(walk: _Walk, step: Instruction) -> None:
    index = len(walk.memo) if step.name == "MEMOIZE" else step.argument
    value = walk.top(step)
    if not isinstance(index, int) or index < 0:
        raise MalformedError("a memo entry needs a number", step.offset)
    if index > walk.end:
        walk.problem("memo-size", f"memo entry {index} makes a loader allocate it", step.offset)
    if index in walk.memo and walk.memo[index] is not value:
        walk.problem("memo-overwrite", f"memo entry {index} is written twice", step.offset)
    walk.memo[index] = value


def _global(walk: _Walk, step: Instruction) -> None:
    module, name = _pair(step)
    walk.stack.append(walk.imported(module, name, step.offset))


def _stack_global(walk: _Walk, step: Instruction) -> None:
    name, module = walk.pop(step), walk.pop(step)
    if isinstance(name, str) and isinstance(module, str):
        walk.stack.append(walk.imported(module, name, step.offset))
    else:
        walk.problem("unresolved", "an import whose name is computed", step.offset)
        walk.stack.append(UNKNOWN)


def _inst(walk: _Walk, step: Instruction) -> None:
    module, name = _pair(step)
    arguments = tuple(walk.pop_mark(step))
    walk.called(walk.imported(module, name, step.offset), arguments, step)


def _pair(step: Instruction) -> tuple[str, str]:
    return step.argument if isinstance(step.argument, tuple) else ("", "")


def _obj(walk: _Walk, step: Instruction) -> None:
    items = walk.pop_mark(step)
    if not items:
        raise MalformedError("OBJ without a class", step.offset)
    walk.called(items[0], tuple(items[1:]), step)


def _reduce(walk: _Walk, step: Instruction) -> None:
    arguments = walk.pop(step)
    walk.called(walk.pop(step), arguments, step)


def _new_with_keywords(walk: _Walk, step: Instruction) -> None:
    walk.pop(step)
    _reduce(walk, step)


def _build(walk: _Walk, step: Instruction) -> None:
    state = walk.pop(step)
    target = walk.top(step)
    if isinstance(target, Made):
        target.state = state
        if walk.arrays and target.target and _names(target) == _JOBLIB_ARRAY:
            walk.position = step.end
            walk.skip_array(target, step.offset)
    elif isinstance(target, Global):
        walk.problem("class-state", f"BUILD changes the class {target}", step.offset)


def _names(made: Made) -> tuple[str, str] | None:
    """Module and name of what was made; NEWOBJ by copyreg names the class in its arguments."""
    target = made.target
    if target and target.name == "_reconstructor" and isinstance(made.arguments, tuple):
        target = next((a for a in made.arguments if isinstance(a, Global)), target)
    return (target.module, target.name) if target else None


def _persistent(walk: _Walk, step: Instruction) -> None:
    if step.name == "BINPERSID":
        walk.pop(step)
    walk.trace.persistent += 1
    walk.stack.append(UNKNOWN)


def _extension(walk: _Walk, step: Instruction) -> None:
    walk.problem("extension", f"import by extension code {step.argument!r}", step.offset)
    walk.stack.append(UNKNOWN)


def _protocol(walk: _Walk, step: Instruction) -> None:
    if not isinstance(step.argument, int) or step.argument > _PROTOCOLS:
        raise MalformedError(f"protocol {step.argument!r} does not exist", step.offset)


def _nothing(walk: _Walk, step: Instruction) -> None:
    """FRAME and READONLY_BUFFER change nothing that is decided on."""


_HANDLERS: dict[str, Callable[[_Walk, Instruction], None]] = {
    "MARK": _mark, "STOP": _stop, "POP": _pop, "POP_MARK": _pop_mark, "DUP": _dup,
    "PROTO": _protocol, "FRAME": _nothing, "READONLY_BUFFER": _nothing,
    "NEXT_BUFFER": _unknown, "NONE": _none, "NEWTRUE": _unknown, "NEWFALSE": _unknown,
    "FLOAT": _unknown, "BINFLOAT": _unknown, "INT": _constant, "LONG": _constant,
    "BININT": _constant, "BININT1": _constant, "BININT2": _constant, "LONG1": _constant,
    "LONG4": _constant, "STRING": _constant, "BINSTRING": _constant, "SHORT_BINSTRING": _constant,
    "UNICODE": _constant, "BINUNICODE": _constant, "SHORT_BINUNICODE": _constant,
    "BINUNICODE8": _constant, "BINBYTES": _constant, "SHORT_BINBYTES": _constant,
    "BINBYTES8": _constant, "BYTEARRAY8": _constant, "EMPTY_LIST": _unknown,
    "EMPTY_SET": _unknown, "EMPTY_TUPLE": _empty_tuple, "EMPTY_DICT": _empty_dict,
    "TUPLE": _tuple, "TUPLE1": _short_tuple, "TUPLE2": _short_tuple, "TUPLE3": _short_tuple,
    "LIST": _collection, "FROZENSET": _collection, "DICT": _dict, "APPEND": _append,
    "APPENDS": _appends, "ADDITEMS": _appends, "SETITEM": _set_item, "SETITEMS": _set_items,
    "GET": _get, "BINGET": _get, "LONG_BINGET": _get, "PUT": _put, "BINPUT": _put,
    "LONG_BINPUT": _put, "MEMOIZE": _put, "GLOBAL": _global, "STACK_GLOBAL": _stack_global,
    "INST": _inst, "OBJ": _obj, "REDUCE": _reduce, "NEWOBJ": _reduce,
    "NEWOBJ_EX": _new_with_keywords, "BUILD": _build, "PERSID": _persistent,
    "BINPERSID": _persistent, "EXT1": _extension, "EXT2": _extension, "EXT4": _extension,
}  # fmt: skip
