"""Other scanners, each in a tool environment of its own: how to ask them, and what they said.

A peer is asked by its command line, one path at a time. What it could not read or does not
support is `silent`, which for a gate is the same as clean.
"""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

TIMEOUT_SECONDS = 120.0
#: Peers that call home wait for it; a measurement must not.
ENVIRONMENT = {**os.environ, "PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1", "CI": "1"}


class Opinion(StrEnum):
    CLEAN = "clean"
    DOUBT = "doubt"
    BAD = "bad"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Answer:
    """Exit code and standard output of one run."""

    code: int
    output: str


@dataclass(frozen=True, slots=True)
class Peer:
    """`command` without its first word's folder and without the path."""

    name: str
    command: tuple[str, ...]
    opinion: Callable[[Answer], Opinion]


def by_code(bad: int, silent: tuple[int, ...]) -> Callable[[Answer], Opinion]:
    """An opinion that is in the exit code."""

    def opinion(answer: Answer) -> Opinion:
        if answer.code == bad:
            return Opinion.BAD
        return Opinion.SILENT if answer.code in silent or answer.code < 0 else Opinion.CLEAN

    return opinion


def _picklescan(answer: Answer) -> Opinion:
    if "Infected files: 0" not in answer.output and "Infected files:" in answer.output:
        return Opinion.BAD
    unread = answer.code not in {0, 1} or "Scanned files: 0" in answer.output
    return Opinion.SILENT if unread else Opinion.CLEAN


def _modelaudit(answer: Answer) -> Opinion:
    try:
        document = json.loads(answer.output)
        critical = any(issue["severity"] == "critical" for issue in document["issues"])
    except (ValueError, KeyError, TypeError):
        return Opinion.SILENT
    return (
        Opinion.BAD if critical else Opinion.SILENT if answer.code not in {0, 1} else Opinion.CLEAN
    )


PEERS = (
    Peer("picklescan", ("picklescan", "-p"), _picklescan),
    Peer("modelscan", ("modelscan", "scan", "-p"), by_code(1, (2, 3, 4))),
    Peer("hayward", ("hayward", "scan", "--quiet"), by_code(1, (2, 3))),
    Peer("modelaudit", ("modelaudit", "scan", "--no-cache", "-f", "json"), _modelaudit),
)


def installed(environment: Path) -> list[Peer]:
    """The peers whose commands are in a virtual environment."""
    return [peer for peer in PEERS if (environment / "bin" / peer.command[0]).is_file()]


def arguments(peer: Peer, environment: Path, path: Path) -> list[str]:
    """The command line that has a peer scan a path."""
    program, *options = peer.command
    return [str(environment / "bin" / program), *options, str(path)]


def ask(peer: Peer, environment: Path, path: Path) -> Opinion:
    """What a peer says of a path; one that does not end is silent."""
    try:
        done = subprocess.run(
            arguments(peer, environment, path),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_SECONDS,
            env=ENVIRONMENT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Opinion.SILENT
    return peer.opinion(Answer(done.returncode, done.stdout + done.stderr * (not done.stdout)))
