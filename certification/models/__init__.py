"""Certifications, certificates, the transparency log, bills of materials and advisories."""

from certification.models.advisory import (
    Advisory,
    AdvisorySnapshot,
    AffectedPackage,
    BilledComponent,
    BillOfMaterials,
    Exposure,
)
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
    "Advisory",
    "AdvisorySnapshot",
    "AffectedPackage",
    "BillOfMaterials",
    "BilledComponent",
    "Certificate",
    "Certification",
    "CheckRun",
    "Exposure",
    "FileAnswer",
    "LogEntry",
    "LogNode",
    "Review",
    "StageRun",
    "StageState",
]
