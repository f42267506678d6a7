"""Certifications, certificates and the transparency log."""

from certification.models.certificate import Certificate
from certification.models.certification import (
    Certification,
    CheckRun,
    Review,
    StageRun,
    StageState,
)
from certification.models.log import LogEntry, LogNode
from certification.models.memo import FileAnswer

__all__ = [
    "Certificate",
    "Certification",
    "CheckRun",
    "FileAnswer",
    "LogEntry",
    "LogNode",
    "Review",
    "StageRun",
    "StageState",
]
