"""Which weights format a file is in: by its first bytes, else by the suffix of its name."""

import bz2
import lzma
import zlib
from collections.abc import Callable

from certification.readers.tree import FileTree
from certification.types import SubjectFile
from registry.domain.identifiers import Format

_HEAD = 64 * 1024
_TORCH_LEGACY = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_JOBLIB_MARK = b"joblib.numpy_pickle"
_HDF5 = b"\x89HDF\r\n\x1a\n"
_MAX_SAFETENSORS_HEADER = 100_000_000
_PEEK = 4096
#: onnx.proto: ModelProto has fields up to 26, its graph is field 7.
_MAX_FIELDS, _LAST_FIELD, _GRAPH_FIELD = 64, 26, 7
_SUFFIXES = {
    ".safetensors": Format.SAFETENSORS, ".gguf": Format.GGUF, ".onnx": Format.ONNX,
    ".pt": Format.PYTORCH, ".pth": Format.PYTORCH, ".ckpt": Format.PYTORCH, ".jit": Format.PYTORCH,
    ".ptl": Format.PYTORCH, ".joblib": Format.JOBLIB,
    ".pkl": Format.PICKLE, ".pickle": Format.PICKLE,
    ".keras": Format.KERAS, ".h5": Format.KERAS, ".hdf5": Format.KERAS,
    ".tflite": Format.MODEL_FOLDER, ".npy": Format.MODEL_FOLDER, ".npz": Format.MODEL_FOLDER,
}  # fmt: skip
_PICKLE_HEADS = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
_TEXT_SUFFIXES = (
    ".json",
    ".txt",
    ".md",
    ".py",
    ".js",
    ".ts",
    ".toml",
    ".yaml",
    ".yml",
    ".html",
    ".sh",
)


def weights_format(tree: FileTree, file: SubjectFile) -> Format | None:
    """The weights format of one file; None for anything else."""
    if not file.size or file.path.casefold().endswith(_TEXT_SUFFIXES):
        return None
    head = tree.read(file.path, _HEAD)
    found = next((kind for kind, matches in _SNIFFERS if matches(tree, file, head)), None)
    return found or suffix_format(file.path)


def suffix_format(path: str) -> Format | None:
    """The format a file name promises."""
    dot = path.rfind(".")
    return _SUFFIXES.get(path[dot:].casefold()) if dot >= 0 else None


def _is_safetensors(tree: FileTree, file: SubjectFile, head: bytes) -> bool:
    length = int.from_bytes(head[:8], "little")
    return head[8:10] in {b'{"', b"{}", b"{ "} and 0 < length <= min(
        file.size, _MAX_SAFETENSORS_HEADER
    )


def _is_gguf(tree: FileTree, file: SubjectFile, head: bytes) -> bool:
    return head.startswith(b"GGUF")


def _is_keras(tree: FileTree, file: SubjectFile, head: bytes) -> bool:
    if head.startswith(_HDF5):
        return True
    return head.startswith(b"PK\x03\x04") and file.path.casefold().endswith(".keras")


def _is_torch(tree: FileTree, file: SubjectFile, head: bytes) -> bool:
    if head.startswith(b"PK\x03\x04"):
        return (
            b"/data.pkl" in head
            or b"/version" in head
            or suffix_format(file.path) is Format.PYTORCH
        )
    return _TORCH_LEGACY in head[:32]


def _is_joblib(tree: FileTree, file: SubjectFile, head: bytes) -> bool:
    inner = head if head.startswith(_PICKLE_HEADS) else _inflated_head(head)
    if not inner.startswith(_PICKLE_HEADS):
        return False
    return inner is not head or _JOBLIB_MARK in head or file.path.casefold().endswith(".joblib")


def _is_pickle(tree: FileTree, file: SubjectFile, head: bytes) -> bool:
    if head.startswith(_PICKLE_HEADS):
        return True
    last = tree.read(file.path, 1, file.size - 1)
    return (
        last == b"." and head[:1] in b"(c]}" and b"\n" in head and suffix_format(file.path) is None
    )


def _is_onnx(tree: FileTree, file: SubjectFile, head: bytes) -> bool:
    """A protobuf message whose top fields can be those of ModelProto, with a graph among them."""
    position = 0
    for _ in range(_MAX_FIELDS):
        tag, position = _varint(tree, file.path, position)
        field, wire = tag >> 3, tag & 7
        value, position = _varint(tree, file.path, position)
        position += value if wire else 0
        known = 1 <= field <= _LAST_FIELD and wire in {0, 2}
        plausible = known and value >= 0 and position <= file.size
        if not plausible or field == _GRAPH_FIELD or position == file.size:
            return plausible and field == _GRAPH_FIELD and wire != 0
    return False


def _varint(tree: FileTree, path: str, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(tree.read(path, 10, position)):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a varint
            return value, position + index + 1
    return -1, position


def _inflated_head(head: bytes) -> bytes:
    """The start of what a compressed file holds; empty when it is not compressed."""
    inflate = next((open_ for magic, open_ in _COMPRESSIONS if head.startswith(magic)), None)
    if inflate is None:
        return b""
    try:
        return inflate(head)
    except (zlib.error, OSError, EOFError, lzma.LZMAError):
        return b""


def _unxz(head: bytes) -> bytes:
    return lzma.LZMADecompressor(memlimit=128 * 1024**2).decompress(head, _PEEK)


_COMPRESSIONS: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"\x78", lambda head: zlib.decompressobj().decompress(head, _PEEK)),
    (b"\x1f\x8b", lambda head: zlib.decompressobj(31).decompress(head, _PEEK)),
    (b"BZh", lambda head: bz2.BZ2Decompressor().decompress(head, _PEEK)),
    (b"\xfd7zXZ", _unxz),
    (b"\x5d\0\0\x80\0", _unxz),
)
_SNIFFERS: tuple[tuple[Format, Callable[[FileTree, SubjectFile, bytes], bool]], ...] = (
    (Format.GGUF, _is_gguf),
    (Format.KERAS, _is_keras),
    (Format.PYTORCH, _is_torch),
    (Format.JOBLIB, _is_joblib),
    (Format.PICKLE, _is_pickle),
    (Format.SAFETENSORS, _is_safetensors),
    (Format.ONNX, _is_onnx),
)
