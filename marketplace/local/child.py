"""Child processes that lead their own group and never outlive the process that started them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.02
_libc = ctypes.CDLL(None, use_errno=True)


def _always() -> bool:
    return True


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Service:
    """One long-running program.

    `prepare` runs before every start and `ready` is polled after it. `stop_signal` asks for a
    clean end, which may take `grace` seconds; `orphan_signal` is what the kernel sends when the
    supervisor dies without a word.
    """

    name: str
    argv: tuple[str, ...]
    prepare: Callable[[], None] = _nothing
    ready: Callable[[], bool] = _always
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM
    grace: float = 8.0
    user: int | None = None
    group: int | None = None
    pass_fds: tuple[int, ...] = ()
    once: bool = False


def spawn(
    service: Service, *, cwd: Path | None = None, output: IO[bytes] | int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start the service with stdout and stderr in one pipe, or in the file given.

    Call it from the main thread of a process without other threads: the kernel ties the
    orphan signal to the thread that forked.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        if sys.platform == "linux":
            _libc.prctl(PR_SET_PDEATHSIG, int(service.orphan_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(
        service.argv,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, **service.env},
        cwd=cwd,
        process_group=0,
        user=service.user,
        group=service.group,
        extra_groups=None if service.user is None else [],
        pass_fds=service.pass_fds,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads here; nothing else can ask this
    )


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal all processes of the child's group, also after its leader has gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; False when it did not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def stop(process: subprocess.Popen[bytes], service: Service) -> None:
    """End one child: ask its leader, wait, then kill whatever is left of its group."""
    with suppress(ProcessLookupError):
        process.send_signal(service.stop_signal)
    with suppress(subprocess.TimeoutExpired):
        process.wait(service.grace)
    signal_group(process, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()
