"""The one list of checks, in the order in which reports name them."""

from certification.checks import (
    archive_safety,
    declared_format,
    hidden_text,
    secrets,
    tool_poisoning,
)
from certification.types import Check

ALL: tuple[Check, ...] = (
    archive_safety.CHECK,
    declared_format.CHECK,
    hidden_text.CHECK,
    tool_poisoning.CHECK,
    secrets.CHECK,
)
