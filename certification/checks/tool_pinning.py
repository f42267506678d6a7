"""Tools whose definition is not what was approved before (rug pulls)."""

from collections.abc import Iterator

from certification.ports import ApprovedTools
from certification.readers.subject_texts import TextFiles
from certification.readers.tool_definitions import tools_in
from certification.readers.tool_digests import Change, changes, digest_of_definition
from certification.types import Check, Evidence, Finding, Level, Result, Stage, Subject, Tools
from registry.domain.identifiers import Kind

_STANDARDS = ("CWE-494", "OWASP MCP03", "OWASP ASI04", "AML.T0010")
_MAX_BYTES = 2 * 1024 * 1024
_MAX_TOOLS = 2_000
_FIX = "Say in the release notes what changed in the tool and why; a reviewer will compare the two."


def _run(subject: Subject, tools: Tools) -> Result:
    if tools.catalogue is None:
        return Result(incomplete="There is no catalogue here to compare the tools with.")
    files = TextFiles(subject, lambda path: path.casefold().endswith(".json"), _MAX_BYTES)
    written = {
        tool.name[:200]: digest_of_definition(tool.definition)
        for _, content in files
        for tool in tools_in(content)
    }
    approved = tools.catalogue.approved_tools()
    evidence = (
        Evidence("written-tools", dict(sorted(written.items())[:_MAX_TOOLS])),
        Evidence("compared-with", None if approved is None else approved.version),
    )
    unread = ""
    if files.skipped:
        unread = f"{len(files.skipped)} files could not be read, such as {files.skipped[0][:160]}"
    elif len(written) > _MAX_TOOLS:
        unread = f"It defines {len(written)} tools, of which {_MAX_TOOLS} can be pinned."
    return Result(tuple(_changes(approved, written)), evidence, unread)


def _changes(approved: ApprovedTools | None, written: dict[str, str]) -> Iterator[Finding]:
    if approved is None or approved.written is None:
        return
    for change, name in changes(approved.written, written):
        level = Level.WARNING if change is Change.CHANGED else Level.NOTE
        message = f"The definition of the tool “{name[:80]}” was {change} since {approved.version}."
        rule = f"tool-pinning.{change}"
        yield Finding(rule, level, message, None, _FIX, _STANDARDS)


CHECK = Check(
    id="tool-pinning",
    version=1,
    stage=Stage.PROVENANCE,
    title="Tools say what they said when they were approved",
    why="A tool whose description changes after approval can turn against those who trusted it.",
    remedy="Say in the release notes what changed in the tool and why.",
    standards=_STANDARDS,
    applies_to=lambda subject: subject.format.kind is Kind.AGENT,
    run=_run,
)
