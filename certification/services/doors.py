"""The back-ends behind the ports, as the settings choose them. Nothing else names one."""

from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from certification.ports import AdvisoryFeed, ProvenanceVerifier, Sandbox, Signer

_SIGNER = "certification.signing.signer_from_settings"
_ADVISORIES = "certification.advisories.database.DatabaseFeed"
_PROVENANCE = "certification.signing.provenance.SigstoreProvenanceVerifier"


@cache
def sandbox() -> Sandbox:
    """The isolation back-end of this worker."""
    return cast("Sandbox", import_string(settings.ASSAY_SANDBOX)(settings.ASSAY_SANDBOX_HOME))


@cache
def provenance() -> ProvenanceVerifier:
    """The verifier of publishers' bundles."""
    return cast("ProvenanceVerifier", import_string(_PROVENANCE)())


@cache
def advisories() -> AdvisoryFeed:
    """What is known of vulnerable and malicious packages."""
    return cast("AdvisoryFeed", import_string(_ADVISORIES)())


@cache
def signer() -> Signer:
    """The signing authority; only the signing task and the trust documents ask for it."""
    return cast("Signer", import_string(_SIGNER)())
