"""Mutated samples of every format against the whole scan stage.

    python -m bench fuzz [--inputs N] [--seed S] [--samples DIR] [--keep DIR] [--first N]

A crash is an exception that no reader documents: one that reached the pipeline's catch-all, or
intake. A hang is an input that takes more processor time than its bound, `large` one that takes
more memory than its bound. Each is printed and, with `--keep`, written to a folder. A worker that
does not come back is ended and another goes on. The seed and a number make the same input again.
"""

import argparse
import json
import logging
import multiprocessing
import resource
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path, PurePosixPath
from types import FrameType

from bench.mutation import mutated
from bench.samples import below, samples
from certification.checks import ALL
from certification.intake import open_subject
from certification.pipeline import report_on
from certification.types import Stage, Tools

RESULTS = Path(__file__).parent / "results"
WORKERS = 2
#: Of processor time, so that a busy machine makes no hangs; and of patience beyond that.
SECONDS = 10.0
GRACE_SECONDS = 120.0
MEMORY_BYTES = 512 * 1024 * 1024
ADDRESS_BYTES = 6 * 1024**3
_CRASHED = "The check failed with"
_ARCHIVES = (".zip", ".tar", ".tgz", ".mcpb")
#: Starting a program takes a hundred times as long as a reader does.
_PROGRAMS = frozenset({"gitleaks"})
CHECKS = tuple(check for check in ALL if check.stage is Stage.SCAN and check.id not in _PROGRAMS)


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with one input: crash, hang or large, and where."""

    number: int
    name: str
    kind: str
    what: str


class _LateError(BaseException):
    """Passes every `except Exception` on its way out."""


def main() -> None:
    """Fuzz and print what was found; exits with 1 when something was."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--inputs", type=int, default=5_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=Path, help="a folder of further small samples")
    parser.add_argument("--keep", type=Path, help="where the inputs that did harm are written")
    options = parser.parse_args()
    seeds = samples() | (below(options.samples) if options.samples else {})
    start = time.perf_counter()
    numbers = range(options.first, options.first + options.inputs)
    faults = []
    for fault in fuzzed(seeds, options.seed, numbers):
        faults.append(fault)
        print(f"{fault.kind:6} {fault.number:7} {fault.name}: {fault.what}", flush=True)
        if options.keep:
            _keep(options.keep, seeds, options.seed, fault)
    seconds = time.perf_counter() - start
    summary = {
        "inputs": options.inputs,
        "seed": options.seed,
        "samples": len(seeds),
        "seconds": round(seconds),
        "faults": dict(Counter(fault.kind for fault in faults)),
    }
    print(json.dumps(summary))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "fuzz.json").write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
    raise SystemExit(1 if faults else 0)


def fuzzed(seeds: dict[str, bytes], seed: int, numbers: range) -> Iterator[Fault]:
    """Faults of the inputs of these numbers, by WORKERS processes, each with every nth number."""
    shares = [_Share(seeds, seed, numbers[start::WORKERS]) for start in range(WORKERS)]
    try:
        while open_shares := [share for share in shares if not share.done]:
            wait([share.line for share in open_shares], timeout=1.0)
            for share in open_shares:
                yield from share.news()
    finally:
        for share in shares:
            share.process.kill()


class _Share:
    """Some of the inputs and the process that is at them."""

    def __init__(self, seeds: dict[str, bytes], seed: int, numbers: range) -> None:
        self.seeds, self.seed, self.left = seeds, seed, numbers
        self.done = False
        self.begin()

    def begin(self) -> None:
        """Start a process for what is left."""
        self.line, far = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.Process(
            target=_work, args=(far, self.seeds, self.seed, self.left), daemon=True
        )
        self.process.start()
        far.close()
        self.seen = time.monotonic()

    def news(self) -> Iterator[Fault]:
        """Faults since the last time; a process that died or stands still is replaced."""
        try:
            while self.line.poll():
                number, faults = self.line.recv()
                self.left = self.left[self.left.index(number) + 1 :]
                self.seen = time.monotonic()
                yield from faults
        except EOFError:
            self.process.join()
            self.done = not self.left
            if not self.done:
                yield self.lost("crash", f"the process ended with {self.process.exitcode}")
        if not self.done and time.monotonic() - self.seen > SECONDS + GRACE_SECONDS:
            self.process.kill()
            self.process.join()
            yield self.lost("hang", f"no answer in {SECONDS + GRACE_SECONDS} s")

    def lost(self, kind: str, what: str) -> Fault:
        """Give the input up that the process was at, and go on behind it."""
        number = self.left[0]
        self.left = self.left[1:]
        self.done = not self.left
        if not self.done:
            self.begin()
        return Fault(number, mutated(self.seeds, self.seed, number)[0], kind, what)


def _work(line: Connection, seeds: dict[str, bytes], seed: int, numbers: range) -> None:
    """Scan each input; report every one, with its faults."""
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))
    signal.signal(signal.SIGPROF, _too_late)
    with tempfile.TemporaryDirectory(prefix="assay-fuzz-") as folder:
        for number in numbers:
            name, content = mutated(seeds, seed, number)
            with tempfile.TemporaryDirectory(dir=folder) as root:
                found = _scan(Path(root), name, content)
            line.send((number, [Fault(number, name, kind, what) for kind, what in found]))


def _too_late(signal_number: int, frame: FrameType | None) -> None:
    where = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else ""
    raise _LateError(where)


def _scan(root: Path, name: str, content: bytes) -> list[tuple[str, str]]:
    """Kind and place of each fault of one input, as a package of this one file or as the file."""
    target = root / "subject" / name
    target.parent.mkdir(parents=True)
    target.write_bytes(content)
    path = target if PurePosixPath(name).suffix in _ARCHIVES else root / "subject"
    found: list[tuple[str, str]] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        with _alarm(), open_subject(path, lenient=True, workdir=root) as subject:
            report = report_on(subject, CHECKS, Tools())
        found += [
            ("crash", f"{answer.check}: {answer.result.incomplete[:300]}")
            for answer in report.checks
            if _CRASHED in answer.result.incomplete
        ]
    except _LateError as late:
        found.append(("hang", f"over {SECONDS} s at {late}"))
    except Exception as fault:  # noqa: BLE001 — whatever leaves intake is what is looked for
        found.append(("crash", f"intake: {type(fault).__name__}: {str(fault)[:200]}"))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    if grown > MEMORY_BYTES:
        found.append(("large", f"{grown // 1024**2} MiB"))
    return found


@contextmanager
def _alarm() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _keep(folder: Path, seeds: dict[str, bytes], seed: int, fault: Fault) -> None:
    name, content = mutated(seeds, seed, fault.number)
    target = folder / f"{fault.kind}-{seed}-{fault.number}" / PurePosixPath(name).name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


if __name__ == "__main__":
    main()
