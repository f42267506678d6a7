"""`docs/checks.md` and `docs/threats.md`, made from the checks themselves (pure).

`python -m certification docs` writes them; a test holds them to what it would write.
"""

from collections.abc import Iterable, Iterator, Sequence

from certification.standards import OUT_OF_REACH, STANDARDS, Taxonomy, standard
from certification.types import Check, Stage

_MADE = "<!-- Made by `python -m certification docs`: change the checks, not this file. -->"
_STAGES = {
    Stage.SCAN: "Scan: every file is read, nothing is run",
    Stage.SANDBOX: "Sandbox: it is run where it can do no harm",
    Stage.PROVENANCE: "Provenance: who built and signed it",
}
_LEVELS = (
    "A finding is a **note** (nothing stands in the way), a **warning** (a person has to look at "
    "it) or an **error** (the version is rejected). A check that could not judge is *errored*, "
    "which is never a pass: a person decides."
)

#: The parts of a package, and the checks that look at each.
LAYERS = {
    "Weights": (
        "gguf-structure", "keras-code", "model-claims", "onnx-structure", "pickle-opcodes",
        "safetensors-structure", "saved-model", "second-opinions",
    ),
    "Containers": ("archive-safety", "declared-format"),
    "Templates": ("chat-template",),
    "Tools": ("hidden-text", "tool-pinning", "tool-poisoning"),
    "Instructions": ("agent-permissions", "hidden-text", "skill-behaviour", "tool-poisoning"),
    "Code": (
        "code-capabilities", "gitleaks", "install-scripts", "malware-rules", "remote-code",
        "secrets", "static-analysis",
    ),
    "Dependencies": (
        "dependency-names", "dependency-sources", "licences", "vulnerable-dependencies",
    ),
    "Runtime": ("observed-behaviour", "sandbox-smoke"),
    "Provenance": ("name-squatting", "provenance", "tool-pinning"),
}  # fmt: skip


def checks_page(checks: Sequence[Check]) -> str:
    """Markdown: each check by stage, what it is for, its standards and what to do."""
    lines = ["# Checks", "", _MADE, "", _LEVELS, ""]
    for stage in Stage:
        lines += [f"## {_STAGES[stage]}", ""]
        for check in checks:
            if check.stage is stage:
                lines += _check(check)
    return "\n".join(lines)


def threats_page(checks: Sequence[Check]) -> str:
    """Markdown: each entry of the threat lists, and the checks that look for it."""
    lines = ["# Threats and the checks that look for them", "", _MADE, "", *_matrix(checks)]
    for taxonomy in Taxonomy:
        if taxonomy is not Taxonomy.CWE:
            lines += [f"## [{taxonomy.title} {taxonomy.edition}]({taxonomy.url})", ""]
            lines += ["| id | threat | looked for by |", "|---|---|---|"]
            lines += list(_rows(taxonomy, checks))
            lines += [""]
    lines += ["## Weaknesses (CWE)", "", "| id | looked for by |", "|---|---|"]
    weaknesses = {name for check in checks for name in check.standards if name.startswith("CWE-")}
    for name in sorted(weaknesses, key=lambda one: int(one.partition("-")[2])):
        number = name.partition("-")[2]
        address = f"https://cwe.mitre.org/data/definitions/{number}.html"
        lines.append(f"| [{name}]({address}) | {_named(name, checks)} |")
    return "\n".join([*lines, ""])


def _matrix(checks: Sequence[Check]) -> Iterator[str]:
    """How many checks look for each threat in each part of a package."""
    yield from ("## Parts of a package and threats", "", "How many checks look for it there.", "")
    yield f"| threat | {' | '.join(LAYERS)} |"
    yield f"|---|{'---|' * len(LAYERS)}"
    for entry in STANDARDS.values():
        named = {check.id for check in checks if entry.id in check.standards}
        if named:
            cells = [str(len(named & set(ids)) or "") for ids in LAYERS.values()]
            yield f"| {entry.id} {entry.title} | {' | '.join(cells)} |"
    yield ""


def uncovered(checks: Iterable[Check]) -> list[str]:
    """Entries of the threat lists that no check names and that are not said to be out of reach."""
    named = {name for check in checks for name in check.standards}
    return [name for name in STANDARDS if name not in named and name not in OUT_OF_REACH]


def _rows(taxonomy: Taxonomy, checks: Sequence[Check]) -> Iterator[str]:
    for entry in STANDARDS.values():
        if entry.taxonomy is taxonomy:
            found = _named(entry.id, checks) or f"*out of reach: {OUT_OF_REACH.get(entry.id, '')}*"
            yield f"| {entry.id} | {entry.title} | {found} |"


def _named(name: str, checks: Sequence[Check]) -> str:
    found = (check.id for check in checks if name in check.standards)
    return ", ".join(f"[{one}](checks.md#{one})" for one in found)


def _check(check: Check) -> list[str]:
    packs = ", ".join(f"{pack.name}@{pack.version}" for pack in check.packs)
    return [
        f"### {check.id}",
        "",
        f"**{check.title}** (version {check.version}). {check.why}",
        "",
        f"- What to do: {check.remedy}",
        f"- Standards: {', '.join(_titled(name) for name in check.standards)}",
        *([f"- Rules: {packs}"] if packs else []),
        "",
    ]


def _titled(name: str) -> str:
    title = standard(name).title
    return f"{name} {title}" if title else name
