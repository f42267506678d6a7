"""Certifications, certificates and the transparency log."""

from certification.models.certificate import Certificate
from certification.models.certification import (
    Certification,
    CheckRun,
    Review,
    StageRun,
    StageState,
)

__all__ = ["Certificate", "Certification", "CheckRun", "Review", "StageRun", "StageState"]
