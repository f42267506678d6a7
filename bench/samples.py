"""Small sound samples of the formats that readers know, as seeds for the fuzzer.

Binary ones are put together byte by byte here, so that nothing has to be loaded to make them.
"""

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Manifests and texts, each under the path at which its format is known.
SEEDS = ROOT / "tests/assets/seeds"
MAX_SAMPLE_BYTES = 64 * 1024

_TEMPLATE = b"{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] | trim }}{% endfor %}"
_MORE = 0x80  # protobuf: another byte of this number follows
_CALL = b"cbuiltins\nlen\n(S'abc'\ntR"
PICKLES = {
    "protocol0.pkl": b"(dp0\nS'w'\np1\n(lp2\nI1\naF2.5\nas.",
    "protocol2.pkl": b"\x80\x02ccollections\nOrderedDict\nq\0)Rq\x01X\x01\0\0\0wq\x02K\x01s.",
    "protocol4.pkl": b"\x80\x04\x95\x1f\x00\x00\x00\x00\x00\x00\x00\x8c\x0bcollections\x94"
    b"\x8c\x0bOrderedDict\x94\x93\x94)R\x94.",
    "protocol5.pkl": b"\x80\x05\x8e\x10"
    + b"\0" * 7
    + b"x" * 16
    + b"\x94\x96\x04"
    + b"\0" * 7
    + b"yyyy\x86.",
    "call.pkl": _CALL + b".",
    "streams.pkl": b"\x80\x02K\x01.\x80\x02" + _CALL + b".",
    "inside.pkl": b"\x80\x02B\x20\x00\x00\x00\x80\x02" + _CALL.ljust(30, b"N") + b".",
}
_NUMPY = b"{'descr': '%s', 'fortran_order': False, 'shape': (2,), }"


def samples() -> dict[str, bytes]:
    """Path inside a package and content of each sample, the examples' files included."""
    texts = {
        path.relative_to(SEEDS).as_posix(): path.read_bytes()
        for path in sorted(SEEDS.rglob("*"))
        if path.is_file()
    }
    made = {**PICKLES, **dict(_binaries()), **dict(_containers())}
    return made | texts | below(ROOT / "examples")


def below(folder: Path) -> dict[str, bytes]:
    """Every small file below a folder; a number keeps equal names apart."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        f"{number}/{path.name}": path.read_bytes()
        for number, path in enumerate(paths)
        if 0 < path.stat().st_size <= MAX_SAMPLE_BYTES
    }


def _binaries() -> Iterator[tuple[str, bytes]]:
    header = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"a":"b"}}'
    yield "model.safetensors", struct.pack("<Q", len(header)) + header + bytes(8)
    yield "model.gguf", _gguf()
    for name, kind, content in (("a.npy", b"<f8", bytes(16)), ("o.npy", b"|O", b"\x80\x02N.")):
        head = _NUMPY % kind
        head += b" " * (117 - len(head)) + b"\n"
        yield name, b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + content
    node = _field(1, b"x") + _field(2, b"y") + _field(4, b"Relu")
    graph = _field(1, node) + _field(2, b"g") + _field(5, _external())
    yield "model.onnx", b"\x08\x08" + _field(7, graph) + _field(8, _field(1, b"") + b"\x10\x0d")
    nodes = _field(1, _field(1, b"n") + _field(2, b"MatMul")) * 2
    yield "saved_model.pb", b"\x08\x01" + _field(2, _field(1, b"") + _field(2, nodes))
    yield "model.tflite", b"\x1c\0\0\0TFL3" + bytes(range(64))
    yield (
        "model.h5",
        b"\x89HDF\r\n\x1a\n" + b"\0" * 64 + b'{"class_name": "Sequential", "config": {}}',
    )
    yield "model.joblib.z", zlib.compress(PICKLES["protocol4.pkl"])
    yield "model.pkl.gz", gzip.compress(PICKLES["call.pkl"], mtime=0)
    yield "model.pkl.bz2", bz2.compress(PICKLES["call.pkl"])
    yield "model.pkl.xz", lzma.compress(PICKLES["call.pkl"])
    yield "legacy.pt", _legacy_torch()


def _containers() -> Iterator[tuple[str, bytes]]:
    skill = (SEEDS / "SKILL.md").read_bytes()
    package = {"package/SKILL.md": skill, "package/x.py": b"import os\n"}
    yield "skill.zip", zipped(package)
    yield "skill.tar", tarred(package, "w")
    yield "skill.tgz", tarred(package, "w:gz")
    yield "nested.zip", zipped({"a/SKILL.md": skill, "a/in.zip": zipped(package)})
    torch = {"m/data.pkl": PICKLES["protocol2.pkl"], "m/version": b"3\n", "m/data/0": bytes(16)}
    yield "model.pt", zipped(torch, zipfile.ZIP_STORED)
    yield "script.pt", zipped({**torch, "m/code/__torch__.py": b"class A(Module): pass\n"})
    keras = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}]}}
    parts = {"config.json": json.dumps(keras).encode(), "metadata.json": b"{}"}
    yield "model.keras", zipped({**parts, "model.weights.h5": b"\x89HDF\r\n\x1a\n"})
    yield "arrays.npz", zipped({"a.npy": dict(_binaries())["a.npy"]})
    yield "bundle.mcpb", zipped({"manifest.json": (SEEDS / "manifest.json").read_bytes()})


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def tarred(files: Mapping[str, bytes], mode: str) -> bytes:
    """A tar of these files."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def _gguf() -> bytes:
    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    pairs = (
        text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama")
        + text(b"tokenizer.chat_template") + struct.pack("<I", 8) + text(_TEMPLATE)
        + text(b"tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 1) + text(b"a")
    )  # fmt: skip
    tensor = text(b"w") + struct.pack("<IQIQ", 1, 8, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 3) + pairs + tensor
    return head + b"\0" * (-len(head) % 32) + bytes(32)


def _legacy_torch() -> bytes:
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    state = b"\x80\x02}q\0(X\1\0\0\0wq\1((X\7\0\0\0storageq\2X\1\0\0\x000tQu."
    return magic + b"\x80\x02M\xe9\x03." + b"\x80\x02}." + state + b"\x80\x02]." + bytes(16)


def _external() -> bytes:
    entries = ((b"location", b"w.bin"), (b"offset", b"0"), (b"length", b"8"))
    pairs = b"".join(_field(13, _field(1, key) + _field(2, value)) for key, value in entries)
    return _field(8, b"w") + pairs + b"\x70\x01"


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field of less than 16 KiB."""
    size = len(content)
    length = bytes([size]) if size < _MORE else bytes([size % _MORE | _MORE, size // _MORE])
    return bytes([number << 3 | 2]) + length + content
