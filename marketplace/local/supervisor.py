"""Runs several services under one process: prefixed logs, restarts with back-off, a clean stop."""

import fcntl
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from marketplace.local.child import Service, signal_group, spawn
from marketplace.local.places import LocalError, Places

FIRST_BACK_OFF_SECONDS = 0.5
LONGEST_BACK_OFF_SECONDS = 30.0
STEADY_SECONDS = 60.0
START_ATTEMPTS = 4
TICK_SECONDS = 0.05
PROBE_SECONDS = 0.05
LINE_BYTES = 64 * 1024
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def only_instance(places: Places) -> Iterator[None]:
    """Hold the home's lock; raise LocalError when another process does."""
    places.make()
    path = places.home / "lock"
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise LocalError(
                f"Assay is already running from {places.home} (process {holder}). Stop it there "
                "with Ctrl-C, or start a second one with another ASSAY_HOME and PORT."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@dataclass(slots=True)
class _Running:
    service: Service
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0
    tail: bytes = b""
    probed: float = 0.0
    announced: bool = False


class Supervisor:
    """Use it as a context manager; leaving it stops every service in reverse order of groups.

    Works from the main thread only, for signals and for the kernel's orphan signal.
    """

    def __init__(self, cwd: Path, *, width: int = 10) -> None:
        self._cwd = cwd
        self._width = width
        self._groups: list[list[_Running]] = []
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_exception: object) -> None:
        try:
            self._stop_all()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)  # type: ignore[arg-type]
            self._selector.close()

    def say(self, text: str, source: str = "assay") -> None:
        """One prefixed line; a closed terminal is no reason to fall over."""
        with suppress(OSError, ValueError):
            sys.stdout.write(f"{source:<{self._width}}| {text}\n")
            sys.stdout.flush()

    def start(self, services: Sequence[Service]) -> None:
        """Start services as one group, at the same time, without waiting."""
        group = [_Running(service) for service in services]
        self._groups.append(group)
        for running in group:
            self._start(running)

    def wait_ready(self, seconds: float) -> None:
        """Wait until all that was started is ready.

        Raises LocalError when a service keeps ending or the time is over, and
        KeyboardInterrupt on a signal.
        """
        deadline = time.monotonic() + seconds
        while waiting := [one for one in self._all() if not self._is_ready(one)]:
            names = ", ".join(one.service.name for one in waiting)
            if any(one.failures >= START_ATTEMPTS for one in waiting):
                raise LocalError(f"{names} does not start: its last lines above say why.")
            if time.monotonic() > deadline:
                raise LocalError(f"{names} was not ready after {seconds:.0f} seconds.")
            self.tick()

    def run(self) -> None:
        """Keep all services up until a signal comes; then return."""
        with suppress(KeyboardInterrupt):
            while True:
                self.tick(1.0)

    def tick(self, seconds: float = TICK_SECONDS) -> None:
        """Pass on output, restart what ended and is due; KeyboardInterrupt after a signal."""
        if self._stopping:
            raise KeyboardInterrupt
        self._pump(seconds)
        for running in self._all():
            self._look_after(running)

    def guarded(self, work: Callable[[], object]) -> None:
        """Do something in this process, then honour a signal that came meanwhile."""
        work()
        if self._stopping:
            raise KeyboardInterrupt

    def _all(self) -> list[_Running]:
        return [running for group in self._groups for running in group]

    def _on_signal(self, _number: int, _frame: object) -> None:
        if self._stopping:
            for running in self._all():
                if running.process:
                    signal_group(running.process, signal.SIGKILL)
        self._stopping = True

    def _is_ready(self, running: _Running) -> bool:
        if running.announced or running.service.once:
            return True
        now = time.monotonic()
        if running.process is None or running.process.poll() is not None:
            return False
        if now - running.probed < PROBE_SECONDS:
            return False
        running.probed = now
        running.announced = running.service.ready()
        return running.announced

    def _start(self, running: _Running) -> None:
        running.service.prepare()
        running.process = spawn(running.service, cwd=self._cwd)
        running.started = time.monotonic()
        running.announced = False
        running.tail = b""
        if running.process.stdout:
            os.set_blocking(running.process.stdout.fileno(), False)
            self._selector.register(running.process.stdout, selectors.EVENT_READ, running)

    def _look_after(self, running: _Running) -> None:
        now = time.monotonic()
        if running.process is None:
            if not running.service.once and now >= running.due:
                self._start(running)
            return
        code = running.process.poll()
        if code is None:
            return
        self._release(running)
        if running.service.once:
            if code:
                self.say(f"ended with code {code}", running.service.name)
            return
        running.failures = 0 if now - running.started > STEADY_SECONDS else running.failures + 1
        delay = min(
            FIRST_BACK_OFF_SECONDS * 2 ** max(running.failures - 1, 0), LONGEST_BACK_OFF_SECONDS
        )
        running.due = now + delay
        self.say(f"ended with code {code}; starts again in {delay:.1f} s", running.service.name)

    def _release(self, running: _Running) -> None:
        """Drain the last output and end what is left of the group."""
        if running.process is None:
            return
        signal_group(running.process, signal.SIGKILL)
        running.process.wait()
        if stdout := running.process.stdout:
            if stdout in self._selector.get_map():
                self._read(stdout.fileno(), running)
                self._selector.unregister(stdout)
            stdout.close()
        running.process = None

    def _pump(self, seconds: float) -> None:
        for key, _events in self._selector.select(seconds):
            if not self._read(key.fd, key.data):
                self._selector.unregister(key.fileobj)

    def _read(self, descriptor: int, running: _Running) -> bool:
        """Print whole lines; False at the end of the stream."""
        try:
            chunk = os.read(descriptor, LINE_BYTES)
        except BlockingIOError:
            return True
        *lines, running.tail = (running.tail + chunk).split(b"\n")
        if running.tail and (not chunk or len(running.tail) > LINE_BYTES):
            lines.append(running.tail)
            running.tail = b""
        for line in lines:
            self.say(line.decode("utf-8", "replace").rstrip(), running.service.name)
        return bool(chunk)

    def _stop_all(self) -> None:
        self._stopping = True
        for group in reversed(self._groups):
            living = [one for one in group if one.process]
            for running in living:
                if running.process:
                    with suppress(ProcessLookupError):
                        running.process.send_signal(running.service.stop_signal)
            deadline = time.monotonic() + max((one.service.grace for one in group), default=0)
            while time.monotonic() < deadline and any(
                one.process and one.process.poll() is None for one in living
            ):
                self._pump(TICK_SECONDS)
            for running in living:
                self._release(running)
