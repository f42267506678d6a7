"""Template tags `{% load assay %}`: icons, states, outcomes, digests, Markdown."""

import json
import re
from typing import Any, NamedTuple

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from certification.readers.unicode_text import visible
from marketplace.web import markdown as markdown_renderer

register = template.Library()
MAX_JSON_CHARACTERS = 20_000


class Sign(NamedTuple):
    """How a state is shown: a tone of the style sheet, an icon and words; never colour alone."""

    tone: str
    icon: str
    words: str


STATES = {
    "draft": Sign("", "circle-dashed", "Draft"),
    "submitted": Sign("is-info is-running", "loader-circle", "Waiting to start"),
    "certifying": Sign("is-info is-running", "loader-circle", "Being certified"),
    "in_review": Sign("is-warn", "eye", "In review"),
    "approved": Sign("is-pass", "shield-check", "Certified"),
    "quarantined": Sign("is-warn", "lock", "Quarantined"),
    "revoked": Sign("is-stop", "ban", "Revoked"),
    "rejected": Sign("is-stop", "circle-x", "Rejected"),
    "withdrawn": Sign("", "circle-minus", "Withdrawn"),
}
OUTCOMES = {
    "passed": Sign("is-pass", "circle-check", "Passed"),
    "failed": Sign("is-stop", "circle-x", "Found something"),
    "not-applicable": Sign("", "circle-minus", "Does not apply"),
    "errored": Sign("is-warn", "triangle-alert", "Could not judge"),
    "running": Sign("is-info is-running", "loader-circle", "Running"),
    "waiting": Sign("", "circle-dashed", "Waiting"),
    "done": Sign("is-pass", "check", "Done"),
}
LEVELS = {
    "error": Sign("is-stop", "circle-x", "Must be fixed"),
    "warning": Sign("is-warn", "triangle-alert", "Should be fixed"),
    "note": Sign("", "info", "For information"),
}
FORMATS = {
    "mcp-server": "MCP server",
    "mcpb": "MCP bundle",
    "skill": "Skill",
    "plugin": "Plugin",
    "python-agent": "Python agent",
    "safetensors": "Safetensors",
    "gguf": "GGUF",
    "onnx": "ONNX",
    "pytorch": "PyTorch",
    "pickle": "Pickle",
    "joblib": "Joblib",
    "keras": "Keras",
    "model-folder": "Model folder",
}
STAGES = {
    "scan": "Scan: reading every file without running it",
    "sandbox": "Sandbox: running it where it can do no harm",
    "provenance": "Provenance: who built and signed it",
}
_UNKNOWN = Sign("", "circle-help", "Unknown")


class PatchLine(NamedTuple):
    """One line of a unified diff, and whether it is added or removed."""

    tone: str
    text: str


_PATCH_TONES = {"+": "added", "-": "removed", "@": "muted"}
_HEADER_LINES = 2
_UNUSUAL = re.compile(r"[^ -~]")


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("vendor/lucide/icons.svg"),
        name,
    )


def _sign(sign: Sign) -> SafeString:
    return format_html('<span class="state {}">{}{}</span>', sign.tone, icon(sign.icon), sign.words)


@register.simple_tag
def state(name: str) -> SafeString:
    """The state of a version."""
    return _sign(STATES.get(name, _UNKNOWN))


@register.simple_tag
def outcome(name: str) -> SafeString:
    """The outcome of a check or the state of a stage."""
    return _sign(OUTCOMES.get(name, _UNKNOWN))


@register.simple_tag
def level(name: str) -> SafeString:
    """The level of a finding, as what happens because of it."""
    return _sign(LEVELS.get(name, _UNKNOWN))


@register.filter
def tone(name: str) -> str:
    """The style sheet's tone of a level of findings."""
    return LEVELS.get(name, _UNKNOWN).tone


@register.filter
def format_name(name: str) -> str:
    """A package format as people write it."""
    return FORMATS.get(name, name)


@register.filter
def stage_name(name: str) -> str:
    """A stage of the pipeline and what it does."""
    return STAGES.get(name, name)


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown of a publisher as harmless HTML."""
    return markdown_renderer.render(text)


@register.filter
def pretty(value: Any) -> str:
    """JSON to read, bounded; a string as it is."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    cut = text[:MAX_JSON_CHARACTERS]
    return cut if len(cut) == len(text) else f"{cut}\n… {len(text) - len(cut)} characters more"


@register.filter
def patch_lines(patch: str) -> list[PatchLine]:
    """The lines of a unified diff, with what nobody sees shown by its number: a change that takes
    hidden characters out must not hide them here."""
    return [
        PatchLine(
            "muted" if number < _HEADER_LINES else _PATCH_TONES.get(line[:1], ""),
            _UNUSUAL.sub(_number, line) + "\n",
        )
        for number, line in enumerate(patch.removesuffix("\n").split("\n"))
    ]


def _number(match: "re.Match[str]") -> str:
    char = match[0]
    seen = char == "\t" or (char.isprintable() and visible(char) == char)
    return char if seen else f"[U+{ord(char):04X}]"


@register.filter
def at(finding: dict[str, Any]) -> str:
    """Where a finding is: path, and line or byte offset."""
    place = finding.get("location")
    if not place:
        return ""
    if place.get("line") is not None:
        return f"{place['path']}, line {place['line']}"
    if place.get("offset") is not None:
        return f"{place['path']}, byte {place['offset']}"
    return str(place["path"])
