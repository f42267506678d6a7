"""How fast large inputs are scanned and how much memory that takes, next to the hash alone.

A ratio is to OpenSSL's sha256 over the same file in the same run, so it means something anywhere.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from bench.peers import ENVIRONMENT, Peer, arguments

ROOT = Path(__file__).resolve().parents[1]
SOURCE_FILES = 5_000
PATIENCE_SECONDS = 300.0
_BLOCK = 1024 * 1024
_GLANCE_SECONDS = 0.01
_SUFFIXES = {".py", ".js", ".md", ".html", ".toml", ".json"}
_PROGRAMS = ("certification", "registry", "marketplace", "client", "docs", "static", "tests")
_LEAKS = Path(sys.executable).with_name("gitleaks")


@dataclass(frozen=True, slots=True)
class Run:
    """Wall seconds and peak resident memory of one process, in bytes."""

    seconds: float
    peak: int


def measured(command: Sequence[str]) -> Run:
    """Run a command to its end, whatever it answers, or until PATIENCE_SECONDS are over.

    Memory is asked for every few milliseconds: what the kernel reports in the end would count the
    process that started it.
    """
    peak = 0
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, env=ENVIRONMENT
    ) as process:
        while process.poll() is None:
            peak = max(peak, _resident(process.pid))
            time.sleep(_GLANCE_SECONDS)
            if time.perf_counter() - start > PATIENCE_SECONDS:
                process.kill()
    return Run(time.perf_counter() - start, peak)


def _resident(process: int) -> int:
    """The high-water mark of a process in bytes; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text("utf-8")
    except OSError:
        return 0
    marks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(marks[0]) * 1024 if marks else 0


def large_files(folder: Path, size: int) -> Iterator[Path]:
    """Inputs of about `size` bytes each; a file is gone when the next is asked for."""
    makers: dict[str, Callable[[Path, int], None]] = {
        "model.safetensors": safetensors,
        "model.gguf": gguf,
        "model.npy": array,
        "weights.bin": noise,
        "hole.bin": hole,
    }
    for name, make in makers.items():
        path = folder / name
        make(path, size)
        yield path
        path.unlink()


def safetensors(path: Path, size: int) -> None:
    """A legal safetensors file of many tensors."""
    each = size // 128
    header = {
        f"layer.{n}.weight": {
            "dtype": "U8",
            "shape": [each],
            "data_offsets": [n * each, (n + 1) * each],
        }
        for n in range(128)
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    _write(path, len(text).to_bytes(8, "little") + text, 128 * each)


def gguf(path: Path, size: int) -> None:
    """A legal GGUF file of one tensor of bytes."""
    size -= size % 32
    head = b"GGUF" + b"".join(n.to_bytes(w, "little") for n, w in ((3, 4), (1, 8), (0, 8)))
    name = b"w"
    numbers = ((len(name), 8), (1, 4), (size, 8), (24, 4), (0, 8))  # name, rank, shape, I8, offset
    parts = [n.to_bytes(w, "little") for n, w in numbers]
    head += parts[0] + name + b"".join(parts[1:])
    _write(path, head + b"\0" * (-len(head) % 32), size)


def array(path: Path, size: int) -> None:
    """A numpy array of bytes."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},), }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    _write(path, b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text, size)


def noise(path: Path, size: int) -> None:
    """Bytes of no format."""
    _write(path, b"", size)


def hole(path: Path, size: int) -> None:
    """A sparse file four times the size: nothing but zeros."""
    with path.open("wb") as target:
        target.truncate(4 * size)


def _write(path: Path, head: bytes, size: int) -> None:
    block = os.urandom(_BLOCK)
    with path.open("wb") as target:
        target.write(head)
        for _ in range(size // _BLOCK):
            target.write(block)
        target.write(block[: size % _BLOCK])


def source_tree(folder: Path) -> int:
    """SOURCE_FILES files of source and prose, no two alike, made of this project's own; returns
    their bytes."""
    own = [
        path
        for program in _PROGRAMS
        for path in sorted((ROOT / program).rglob("*"))
        if path.suffix in _SUFFIXES and path.is_file() and "assets" not in path.parts
    ]
    total = 0
    for number, path in zip(range(SOURCE_FILES), cycle(own), strict=False):
        target = folder / str(number // 100) / f"{number}_{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        mark = f"\n# {number}\n" if path.suffix in {".py", ".toml"} else "\n" * (number // len(own))
        content = path.read_text("utf-8") + mark
        target.write_text(content, "utf-8")
        total += len(content)
    return total


def speed(
    folder: Path, size: int, peers: Sequence[Peer], environment: Path
) -> list[dict[str, object]]:
    """One row an input and program."""
    rows = []
    for path in large_files(folder, size):
        length = path.stat().st_size
        floor = min((measured(hashing(path)) for _ in range(2)), key=lambda run: run.seconds)
        rows.append(_row(path.name, "OpenSSL sha256", length, floor, floor))
        rows.append(_row(path.name, "Assay", length, measured(scanning(path)), floor))
        rows += [
            _row(path.name, peer.name, length, measured(arguments(peer, environment, path)), floor)
            for peer in peers
        ]
    tree = folder / "tree"
    tree.mkdir()
    length = source_tree(tree)
    if _LEAKS.is_file():
        leaks = measured([str(_LEAKS), "dir", "--no-banner", str(tree)])
        rows.append(_row("source tree", "gitleaks", length, leaks, leaks))
        rows.append(_row("source tree", "Assay", length, measured(scanning(tree)), leaks))
    shutil.rmtree(tree)
    return rows


def hashing(path: Path) -> list[str]:
    """The floor: OpenSSL where it is installed, else Python over the same library."""
    if openssl := shutil.which("openssl"):
        return [openssl, "dgst", "-sha256", str(path)]
    code = "import hashlib, sys; hashlib.file_digest(open(sys.argv[1], 'rb'), 'sha256')"
    return [sys.executable, "-c", code, str(path)]


def scanning(path: Path) -> list[str]:
    """The scan stage as an operator runs it."""
    return [sys.executable, "-m", "certification", "scan", str(path)]


def _row(name: str, program: str, length: int, run: Run, floor: Run) -> dict[str, object]:
    return {
        "input": name,
        "program": program,
        "megabytes": round(length / 1e6),
        "seconds": round(run.seconds, 2),
        "GB/s": round(length / 1e9 / run.seconds, 3),
        "of floor": round(floor.seconds / run.seconds, 2),
        "peak MB": round(run.peak / 1e6),
    }
