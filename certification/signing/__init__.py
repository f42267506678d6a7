"""Signing back-ends behind `certification.ports.Signer`."""

from pathlib import Path

from django.conf import settings

from certification.ports import Signer
from certification.signing.embedded import EmbeddedSigner
from certification.signing.external import ExternalSigner


def signer_from_settings() -> Signer:
    """The external stack when SIGSTORE_TRUST_CONFIG names one, else the embedded authority."""
    if settings.ASSAY_SIGSTORE_TRUST_CONFIG:
        return ExternalSigner(
            Path(settings.ASSAY_SIGSTORE_TRUST_CONFIG),
            identity=settings.ASSAY_SIGSTORE_IDENTITY,
            issuer=settings.ASSAY_SIGSTORE_ISSUER,
        )
    return EmbeddedSigner(settings.ASSAY_SIGNING_DIR, settings.ASSAY_PUBLIC_URL)
