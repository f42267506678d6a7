"""Reads safetensors headers strictly: the format's own rules, and no room for anything else.

Format: https://github.com/huggingface/safetensors#format (version 0.4).
"""

import json
import math
from dataclasses import dataclass

from certification.readers.mapped import Buffer

MAX_HEADER = 100_000_000
MAX_TENSORS = 200_000
MAX_METADATA = 1 << 20
_LENGTH_BYTES = 8
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "U16": 16, "I16": 16,
    "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
    "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
}  # fmt: skip


class HeaderError(ValueError):
    """The file breaks the format at byte `offset`."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: element type, shape, and its bytes [begin, end) of the data section."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """A whole header; `data_offset` is where the data section starts in the file."""

    tensors: tuple[Tensor, ...]
    metadata: dict[str, str]
    data_offset: int


def looks_like_safetensors(data: Buffer) -> bool:
    """A length that fits, then a JSON object."""
    size = int.from_bytes(data[:_LENGTH_BYTES], "little")
    return data[_LENGTH_BYTES : _LENGTH_BYTES + 1] == b"{" and 1 < size <= MAX_HEADER


def read(data: Buffer) -> Header:
    """The header of a file whose tensors tile its data section; raises HeaderError."""
    if len(data) < _LENGTH_BYTES:
        raise HeaderError("the file is shorter than the header length", 0)
    size = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if size > min(MAX_HEADER, len(data) - _LENGTH_BYTES):
        raise HeaderError(f"a header of {size} bytes does not fit the file", 0)
    raw = bytes(data[_LENGTH_BYTES : _LENGTH_BYTES + size])
    table = _table(raw)
    metadata = _metadata(table.pop("__metadata__", {}))
    if len(table) > MAX_TENSORS:
        raise HeaderError(f"more than {MAX_TENSORS} tensors", _LENGTH_BYTES)
    tensors = tuple(
        sorted((_tensor(n, t) for n, t in table.items()), key=lambda t: (t.begin, t.end))
    )
    start = _LENGTH_BYTES + size
    _check_tiling(tensors, start=start, room=len(data) - start)
    return Header(tensors, metadata, start)


def _table(raw: bytes) -> dict[str, object]:
    if not raw.startswith(b"{"):
        raise HeaderError("the header is not a JSON object", _LENGTH_BYTES)
    try:
        table = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique)
    except RecursionError:
        raise HeaderError("the header is nested too deep", _LENGTH_BYTES) from None
    except ValueError as fault:
        raise HeaderError(f"the header is not JSON: {fault}", _LENGTH_BYTES) from None
    if not raw.decode("utf-8").rstrip(" ").endswith("}"):
        raise HeaderError("the header is padded with something other than spaces", _LENGTH_BYTES)
    return dict(table)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _metadata(given: object) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
        raise HeaderError("__metadata__ is not a table of strings", _LENGTH_BYTES)
    if sum(len(key) + len(value) for key, value in given.items()) > MAX_METADATA:
        raise HeaderError(f"__metadata__ is larger than {MAX_METADATA}", _LENGTH_BYTES)
    return dict(given)


def _tensor(name: str, given: object) -> Tensor:
    label = name[:100]
    if not isinstance(given, dict) or set(given) != {"dtype", "shape", "data_offsets"}:
        raise HeaderError(f"{label}: needs exactly dtype, shape, data_offsets", _LENGTH_BYTES)
    shape, offsets, dtype = given["shape"], given["data_offsets"], given["dtype"]
    if not _sizes(shape) or not _sizes(offsets) or len(offsets) != len(("begin", "end")):
        raise HeaderError(f"{label}: shape or offsets are not natural numbers", _LENGTH_BYTES)
    if dtype not in _BITS:
        raise HeaderError(f"{label}: element type {str(dtype)[:40]} is not known", _LENGTH_BYTES)
    bits = math.prod(shape) * _BITS[dtype]
    if bits != 8 * (offsets[1] - offsets[0]):
        raise HeaderError(f"{label}: its bytes do not hold its shape", _LENGTH_BYTES)
    return Tensor(name, dtype, tuple(shape), offsets[0], offsets[1])


def _sizes(given: object) -> bool:
    return isinstance(given, list) and all(type(n) is int and 0 <= n < 1 << 63 for n in given)


def _check_tiling(tensors: tuple[Tensor, ...], *, start: int, room: int) -> None:
    at = 0
    for tensor in tensors:
        if tensor.begin != at:
            what = "overlap" if tensor.begin < at else "leave a gap"
            raise HeaderError(f"tensors {what} at {tensor.name[:100]}", start + at)
        at = tensor.end
    if at > room:
        raise HeaderError(f"tensors need {at} bytes and the file has {room}", start + room)
    if at < room:
        raise HeaderError(f"{room - at} bytes follow the last tensor", start + at)
