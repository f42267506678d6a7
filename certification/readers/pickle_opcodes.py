"""Opcodes of the pickle virtual machine, protocols 0 to 5, and a byte-exact bounded decoder."""

import re
from dataclasses import dataclass

from certification.readers.mapped import Buffer

Argument = str | bytes | int | tuple[str, str] | None

#: Text arguments end at a newline; a longer line than this is not looked for.
MAX_LINE = 1 << 20
#: Of a longer constant only this much is given: enough to see whether it is a pickle itself.
MAX_CONSTANT = 1 << 24
#: Integers of more bytes than this are kept as None: nothing is decided on them.
MAX_INTEGER = 64

_NO_ARGUMENT = {
    "(": "MARK", ".": "STOP", "0": "POP", "1": "POP_MARK", "2": "DUP", "N": "NONE",
    "Q": "BINPERSID", "R": "REDUCE", "a": "APPEND", "b": "BUILD", "d": "DICT", "}": "EMPTY_DICT",
    "e": "APPENDS", "l": "LIST", "]": "EMPTY_LIST", "o": "OBJ", "s": "SETITEM", "t": "TUPLE",
    ")": "EMPTY_TUPLE", "u": "SETITEMS", "\x81": "NEWOBJ", "\x85": "TUPLE1", "\x86": "TUPLE2",
    "\x87": "TUPLE3", "\x88": "NEWTRUE", "\x89": "NEWFALSE", "\x8f": "EMPTY_SET",
    "\x90": "ADDITEMS", "\x91": "FROZENSET", "\x92": "NEWOBJ_EX", "\x93": "STACK_GLOBAL",
    "\x94": "MEMOIZE", "\x97": "NEXT_BUFFER", "\x98": "READONLY_BUFFER",
}  # fmt: skip
#: Little-endian integers of a fixed width; K and J differ in sign only.
_INTEGERS = {
    "K": ("BININT1", 1), "M": ("BININT2", 2), "J": ("BININT", 4), "h": ("BINGET", 1),
    "j": ("LONG_BINGET", 4), "q": ("BINPUT", 1), "r": ("LONG_BINPUT", 4), "\x80": ("PROTO", 1),
    "\x82": ("EXT1", 1), "\x83": ("EXT2", 2), "\x84": ("EXT4", 4), "\x95": ("FRAME", 8),
    "G": ("BINFLOAT", 8),
}  # fmt: skip
#: A length of so many bytes, then that many bytes.
_COUNTED = {
    "T": ("BINSTRING", 4), "U": ("SHORT_BINSTRING", 1), "B": ("BINBYTES", 4),
    "C": ("SHORT_BINBYTES", 1), "X": ("BINUNICODE", 4), "\x8a": ("LONG1", 1),
    "\x8b": ("LONG4", 4), "\x8c": ("SHORT_BINUNICODE", 1), "\x8d": ("BINUNICODE8", 8),
    "\x8e": ("BINBYTES8", 8), "\x96": ("BYTEARRAY8", 8),
}  # fmt: skip
_LINES = {
    "F": "FLOAT", "I": "INT", "L": "LONG", "P": "PERSID", "S": "STRING", "V": "UNICODE",
    "g": "GET", "p": "PUT", "c": "GLOBAL", "i": "INST",
}  # fmt: skip
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.DOTALL)
_PLAIN_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\n": b""}


class MalformedError(Exception):
    """The bytes at `offset` are not a pickle instruction: `what` says why."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(f"{what} at byte {offset}")
        self.what = what
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Instruction:
    """One decoded opcode: its name, argument, and where it and its successor start."""

    name: str
    argument: Argument
    offset: int
    end: int


def decode(data: Buffer, offset: int, end: int) -> Instruction:
    """The instruction at `offset`, reading no byte at or after `end`; raises MalformedError."""
    if offset >= end:
        raise MalformedError("the stream ends without STOP", offset)
    code = chr(data[offset])
    if code in _NO_ARGUMENT:
        return Instruction(_NO_ARGUMENT[code], None, offset, offset + 1)
    if code in _INTEGERS:
        return _fixed(data, offset, end)
    if code in _COUNTED:
        return _counted(data, offset, end)
    if code in _LINES:
        return _lines(data, offset, end)
    raise MalformedError(f"unknown opcode 0x{data[offset]:02x}", offset)


def _fixed(data: Buffer, offset: int, end: int) -> Instruction:
    name, width = _INTEGERS[chr(data[offset])]
    raw = _take(data, offset + 1, width, end)
    if name == "BINFLOAT":
        return Instruction(name, None, offset, offset + 9)
    value = int.from_bytes(raw, "little", signed=name in {"BININT", "EXT4"})
    return Instruction(name, value, offset, offset + 1 + width)


def _counted(data: Buffer, offset: int, end: int) -> Instruction:
    name, width = _COUNTED[chr(data[offset])]
    size = int.from_bytes(_take(data, offset + 1, width, end), "little")
    start = offset + 1 + width
    if size > end - start:
        raise MalformedError(f"an argument of {size} bytes runs past the end", start)
    raw = data[start : start + min(size, MAX_CONSTANT)]
    argument: Argument = raw
    if name.startswith("LONG"):
        argument = int.from_bytes(raw, "little", signed=True) if size <= MAX_INTEGER else None
    elif "UNICODE" in name:
        argument = raw.decode("utf-8", "replace")
    elif "STRING" in name:
        argument = raw.decode("latin-1")
    return Instruction(name, argument, offset, start + size)


def _lines(data: Buffer, offset: int, end: int) -> Instruction:
    name = _LINES[chr(data[offset])]
    first, after = _line(data, offset + 1, end)
    argument: Argument
    if name in {"GLOBAL", "INST"}:
        second, after = _line(data, after, end)
        argument = (_text(first), _text(second))
    elif name in {"GET", "PUT", "INT", "LONG"}:
        argument = _number(name, first, offset)
    else:
        argument = _string(name, first, offset)
    return Instruction(name, argument, offset, after)


def _number(name: str, raw: bytes, offset: int) -> int | None:
    text = raw.rstrip(b"L") if name == "LONG" else raw
    if len(text) > 2 * MAX_INTEGER:
        return None
    try:
        return int(text)
    except ValueError:
        raise MalformedError(f"{name} without a number", offset) from None


def _string(name: str, raw: bytes, offset: int) -> str:
    if name == "UNICODE":
        try:
            return raw.decode("raw-unicode-escape")
        except UnicodeDecodeError:
            raise MalformedError("UNICODE with a broken escape", offset) from None
    if name == "STRING":
        raw = raw.strip()
        if raw[:1] not in {b"'", b'"'} or raw[1:][-1:] != raw[:1]:
            raise MalformedError("STRING without quotes", offset)
        return _ESCAPE.sub(_unescaped, raw[1:-1]).decode("latin-1")
    return _text(raw)


def _unescaped(match: re.Match[bytes]) -> bytes:
    body = match[1]
    if body[:1] == b"x" and len(body) > 1:
        return bytes([int(body[1:], 16)])
    if body[:1] in b"01234567":
        return bytes([int(body, 8) & 0xFF])
    return _PLAIN_ESCAPES.get(body, body)


def _line(data: Buffer, start: int, end: int) -> tuple[bytes, int]:
    stop = data.find(b"\n", start, min(end, start + MAX_LINE))
    if stop < 0:
        raise MalformedError("a text argument has no end", start)
    return data[start:stop], stop + 1


def _take(data: Buffer, start: int, size: int, end: int) -> bytes:
    if size > end - start:
        raise MalformedError(f"an argument of {size} bytes runs past the end", start)
    return data[start : start + size]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
