"""Reads GGUF headers: key-value pairs and tensor table, every length checked against the file.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3.
"""

import math
import struct
from dataclasses import dataclass

from certification.readers.mapped import Buffer

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_HEADER = 24
MAX_ENTRIES = 100_000
MAX_ELEMENTS = 5_000_000
MAX_DIMENSIONS = 4
MAX_NAME = 64
MAX_TEXT = 64 * 1024 * 1024
_MAX_KEY = 65_535
_MAX_DEPTH = 3
_STRING, _ARRAY, _BOOL = 8, 9, 7
_SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<B", 10: "<Q", 11: "<q",
    12: "<d",
}  # fmt: skip
#: ggml type to (elements per block, bytes per block).
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8),
    28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip


class GgufError(ValueError):
    """The file breaks the format at byte `offset`; `unsupported` when it may be well-formed."""

    def __init__(self, message: str, offset: int, *, unsupported: bool = False) -> None:
        super().__init__(message)
        self.offset = offset
        self.unsupported = unsupported


@dataclass(frozen=True, slots=True)
class Tensor:
    """One row of the tensor table: bytes [begin, end) of the data section."""

    name: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Gguf:
    """A whole header. Text and number values are kept; arrays are kept as their length."""

    version: int
    values: dict[str, str | int | float]
    tensors: tuple[Tensor, ...]
    data_offset: int

    @property
    def templates(self) -> dict[str, str]:
        """Chat templates by key."""
        return {
            key: value
            for key, value in self.values.items()
            if key.startswith("tokenizer.chat_template") and isinstance(value, str)
        }


def read(data: Buffer) -> Gguf:
    """The header of a GGUF file; raises GgufError."""
    return _Reader(data).read()


class _Reader:
    def __init__(self, data: Buffer) -> None:
        self.data = data
        self.at = len(MAGIC)
        self.elements = 0

    def read(self) -> Gguf:
        if self.data[:4] != MAGIC:
            raise GgufError("the file does not start with GGUF", 0)
        version = self.number("<I")
        if version not in _VERSIONS:
            raise GgufError(f"version {version} is not read", 4, unsupported=True)
        count, pairs = self.number("<Q"), self.number("<Q")
        if max(count, pairs) > MAX_ENTRIES:
            raise GgufError(f"{count} tensors and {pairs} values are too many", 8)
        values: dict[str, str | int | float] = {}
        for _ in range(pairs):
            start = self.at
            key = self.text(_MAX_KEY)
            if key in values:
                raise GgufError(f"key {key[:100]} is given twice", start)
            values[key] = self.value(self.number("<I"))
        return self.with_tensors(version, values, count)

    def with_tensors(self, version: int, values: dict[str, str | int | float], count: int) -> Gguf:
        alignment = values.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment <= 0 or alignment % 8:
            raise GgufError("general.alignment is not a multiple of 8", self.at)
        tensors = [self.tensor(alignment) for _ in range(count)]
        if len({t.name for t in tensors}) != len(tensors):
            raise GgufError("a tensor name is given twice", self.at)
        start = -(-self.at // alignment) * alignment
        end = 0
        for tensor in sorted(tensors, key=lambda t: (t.begin, t.end)):
            if tensor.begin < end:
                raise GgufError(f"tensor {tensor.name} overlaps another", start + tensor.begin)
            end = tensor.end
        if end > 0 and start + end > len(self.data):
            raise GgufError(f"tensors end at {start + end}, the file before", len(self.data))
        return Gguf(version, values, tuple(tensors), start)

    def tensor(self, alignment: int) -> Tensor:
        start = self.at
        name = self.text(MAX_NAME)
        dimensions = self.number("<I")
        if dimensions > MAX_DIMENSIONS:
            raise GgufError(f"tensor {name} has {dimensions} dimensions", start)
        shape = [self.number("<Q") for _ in range(dimensions)]
        kind, offset = self.number("<I"), self.number("<Q")
        if kind not in _BLOCKS:
            raise GgufError(f"tensor {name} has unknown type {kind}", start, unsupported=True)
        per_block, block = _BLOCKS[kind]
        elements = math.prod(shape)
        if offset % alignment or elements % per_block:
            raise GgufError(f"tensor {name} is not aligned", start)
        return Tensor(name, offset, offset + elements // per_block * block)

    def value(self, kind: int, depth: int = 0) -> str | int | float:
        if kind == _STRING:
            return self.text(MAX_TEXT)
        if kind == _ARRAY:
            return self.array(depth)
        if kind not in _SCALARS:
            raise GgufError(f"value type {kind} does not exist", self.at)
        if kind == _BOOL and self.data[self.at : self.at + 1] not in {b"\x00", b"\x01"}:
            raise GgufError("a truth value is neither 0 nor 1", self.at)
        return self.number(_SCALARS[kind])

    def array(self, depth: int) -> int:
        start = self.at
        kind, count = self.number("<I"), self.number("<Q")
        self.elements += count
        if self.elements > MAX_ELEMENTS or depth >= _MAX_DEPTH:
            raise GgufError("arrays are too many, too long or nested too deep", start)
        if kind in _SCALARS:
            self.skip(struct.calcsize(_SCALARS[kind]) * count)
        else:
            for _ in range(count):
                self.value(kind, depth + 1)
        return count

    def text(self, most: int) -> str:
        start = self.at
        size = self.number("<Q")
        begin = self.at
        self.skip(size)
        if size > most:
            reason = f"a string of {size} bytes is too long"
            raise GgufError(reason, start, unsupported=most == MAX_TEXT)
        return bytes(self.data[begin : self.at]).decode("utf-8", "replace")

    def number(self, code: str) -> int:
        begin = self.at
        self.skip(struct.calcsize(code))
        return struct.unpack_from(code, self.data, begin)[0]  # type: ignore[no-any-return]

    def skip(self, size: int) -> None:
        if size > len(self.data) - self.at:
            raise GgufError("the file ends inside its header", self.at)
        self.at += size
