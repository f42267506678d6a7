"""Writes pickles opcode by opcode, so that tests need no pickle module."""

import io
import struct
import zipfile

STOP = b"."
MARK = b"("
REDUCE = b"R"
BUILD = b"b"
TUPLE = b"t"
EMPTY_DICT = b"}"
TORCH_MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def proto(number: int = 4) -> bytes:
    return b"\x80" + bytes([number])


def text(value: str) -> bytes:
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def raw(value: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(value)) + value


def imported(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def stack_import(module: str, name: str) -> bytes:
    return text(module) + text(name) + b"\x93"


def call(module: str, name: str, *arguments: bytes) -> bytes:
    return imported(module, name) + MARK + b"".join(arguments) + TUPLE + REDUCE


def evil() -> bytes:
    return proto() + stack_import("os", "system") + MARK + text("id") + TUPLE + REDUCE + STOP


def data() -> bytes:
    """A dictionary with one certified object in it."""
    return proto(2) + EMPTY_DICT + text("a") + call("collections", "OrderedDict") + b"s" + STOP


def dtype(code: str, state: bytes = b"") -> bytes:
    return call("numpy", "dtype", text(code), b"\x89", b"\x88") + state


def joblib_array(*, code: str, shape: bytes, content: bytes, state: bytes = b"") -> bytes:
    """A joblib file of one array whose bytes stand in the stream."""
    wrapper = imported("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81"
    fields = text("shape") + shape + text("dtype") + dtype(code, state)
    return proto(2) + wrapper + EMPTY_DICT + MARK + fields + b"u" + BUILD + content + STOP


def zipped(files: dict[str, bytes], *, method: int = zipfile.ZIP_STORED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def npy(description: str, content: bytes) -> bytes:
    header = f"{{'descr': {description}, 'fortran_order': False, 'shape': (1,), }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content
