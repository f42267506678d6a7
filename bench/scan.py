"""The scan stage: how well it judges, how fast, and in how much memory.

    python -m bench scan [--corpus PATH] [--peers VENV] [--megabytes N] [--no-speed]

`--corpus` is a folder of labelled artifacts (bench.corpus says its form); `--peers` a virtual
environment in which any of picklescan, modelscan, hayward and modelaudit are installed. Prints
tables and writes them to bench/results/scan.json. Nothing of the corpus is ever run.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import corpus as labelled
from bench.peers import Opinion, Peer, installed
from bench.speed import speed

RESULTS = Path(__file__).parent / "results"
DEFAULT_MEGABYTES = 2_048
#: Assay holds back what it refuses and what it sends to a person; a peer only what it calls bad.
_OURS = frozenset({Opinion.DOUBT, Opinion.BAD})
_THEIRS = frozenset({Opinion.BAD})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--peers", type=Path, metavar="VENV")
    parser.add_argument("--megabytes", type=int, default=DEFAULT_MEGABYTES)
    parser.add_argument("--no-speed", action="store_true")
    options = parser.parse_args()
    peers = installed(options.peers) if options.peers else []
    document: dict[str, object] = {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    if options.corpus:
        found, slips = judgement(options.corpus, peers, options.peers)
        document |= {"judgement": found, "slips": slips}
        table(found)
        table(slips)
    if not options.no_speed:
        with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
            rows = speed(Path(folder), options.megabytes * 1024 * 1024, peers, options.peers)
        document["speed"] = rows
        table(rows)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scan.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def judgement(
    folder: Path, peers: Sequence[Peer], environment: Path
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of scores, and of what Assay judged otherwise than the label says."""
    items = labelled.items_of(folder)
    own = labelled.judged(folder, items)
    scores = labelled.scores(items, "Assay", own, _OURS)
    for peer in peers:
        opinions = labelled.asked(peer, environment, folder, items)
        scores += labelled.scores(items, peer.name, opinions, _THEIRS)
    slips: list[dict[str, object]] = [
        {"label": item.label, "opinion": own[item.path].value, "path": item.path}
        for item in items
        if (item.label == "malicious" and own[item.path] is Opinion.CLEAN)
        or (item.label == "benign" and own[item.path] in _OURS)
    ]
    return [score.row() for score in sorted(scores, key=lambda s: (s.family, s.scanner))], slips


def table(rows: Sequence[dict[str, object]]) -> None:
    """Print rows of equal keys in columns."""
    if not rows:
        return
    shown = [[str(key) for key in rows[0]]]
    shown += [["-" if value is None else str(value) for value in row.values()] for row in rows]
    widths = [max(len(line[column]) for line in shown) for column in range(len(shown[0]))]
    for line in shown:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
    print()


if __name__ == "__main__":
    main()
