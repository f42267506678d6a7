"""How well a corpus is judged: recall, precision and false positives per family of artifacts.

A corpus is a folder with a MANIFEST.json: a list of {path, label, kind, upstream, upstream_path},
label one of malicious, benign, and others, which are not scored. Injected skills count as found
only when the clean skill they were made from is not flagged.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from bench.peers import Opinion, Peer, ask
from certification.__main__ import scanned
from certification.types import Decision

WORKERS = 2
_OPINIONS = {
    Decision.APPROVE: Opinion.CLEAN,
    Decision.REVIEW: Opinion.DOUBT,
    Decision.REJECT: Opinion.BAD,
}
#: Kinds that scanners of model files do not claim to read.
_TEXTS = frozenset({"skill", "mcp_tools", "agent_prompt"})


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled artifact of the corpus; `path` is relative to it."""

    path: str
    label: str
    family: str
    name: str
    upstream: str


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one scanner on one family."""

    family: str
    scanner: str
    malicious: int
    flagged: int
    refused: int
    benign: int
    false_flags: int
    false_refusals: int
    silent: int

    def row(self) -> dict[str, object]:
        """The counts with the ratios made of them; a ratio over nothing is None."""
        hits, false = self.flagged, self.false_flags
        return {
            "family": self.family,
            "scanner": self.scanner,
            "malicious": self.malicious,
            "recall": _ratio(hits, self.malicious),
            "recall refused": _ratio(self.refused, self.malicious),
            "precision": _ratio(hits, hits + false),
            "benign": self.benign,
            "false positives": _ratio(false, self.benign),
            "false refusals": _ratio(self.false_refusals, self.benign),
            "silent": self.silent,
        }


def items_of(corpus: Path) -> list[Item]:
    """What the manifest lists."""
    listed = json.loads((corpus / "MANIFEST.json").read_text("utf-8"))
    return [
        Item(
            path=entry["path"],
            label=entry["label"],
            family="real models" if entry["kind"].startswith("model:") else entry["kind"],
            name=PurePosixPath(entry.get("upstream_path") or entry["path"]).name,
            upstream=entry.get("upstream", ""),
        )
        for entry in listed
    ]


def judged(corpus: Path, items: Iterable[Item]) -> dict[str, Opinion]:
    """What Assay says of each item, by path."""
    paths = [item.path for item in items]
    with ProcessPoolExecutor(WORKERS) as pool:
        return dict(zip(paths, pool.map(partial(_judge, corpus), paths, chunksize=4), strict=True))


def _judge(corpus: Path, path: str) -> Opinion:
    return _OPINIONS[scanned(corpus / path)[1].decision]


def asked(peer: Peer, environment: Path, corpus: Path, items: Iterable[Item]) -> dict[str, Opinion]:
    """What a peer says of each item it claims to read, by path."""
    paths = [item.path for item in items if item.family not in _TEXTS]
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = pool.map(lambda path: ask(peer, environment, corpus / path), paths)
        return dict(zip(paths, answers, strict=True))


def bases_of(items: Iterable[Item]) -> dict[str, str]:
    """Path of the clean skill by path of the skill that was made from it by injection."""
    skills = [item for item in items if item.family == "skill"]
    clean = [item for item in skills if item.label == "benign"]
    pairs: dict[str, str] = {}
    for skill in skills:
        if skill.label != "malicious":
            continue
        made_from = [
            base
            for base in clean
            if base.upstream == skill.upstream and f"-{skill.name}".endswith(f"-{base.name}")
        ]
        if made_from:
            pairs[skill.path] = max(made_from, key=lambda base: len(base.name)).path
    return pairs


def scores(
    items: Iterable[Item], scanner: str, opinions: Mapping[str, Opinion], flags: frozenset[Opinion]
) -> list[Score]:
    """One Score a family; `flags` are the opinions that hold an artifact back."""
    items = list(items)
    families: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.path in opinions:
            families[item.family].append(item)
    bases = bases_of(items)

    def count(members: list[Item], label: str, wanted: frozenset[Opinion]) -> int:
        hits = [m for m in members if m.label == label and opinions[m.path] in wanted]
        return sum(opinions.get(bases.get(hit.path, "")) not in flags for hit in hits)

    return [
        Score(
            family=family,
            scanner=scanner,
            malicious=sum(member.label == "malicious" for member in members),
            flagged=count(members, "malicious", flags),
            refused=count(members, "malicious", frozenset({Opinion.BAD})),
            benign=sum(member.label == "benign" for member in members),
            false_flags=count(members, "benign", flags),
            false_refusals=count(members, "benign", frozenset({Opinion.BAD})),
            silent=sum(opinions[member.path] is Opinion.SILENT for member in members),
        )
        for family, members in sorted(families.items())
    ]


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
