"""What verifiers need to know of us."""

from certification.services import doors


def trusted_root() -> bytes:
    """Sigstore trusted_root.json."""
    return doors.signer().trusted_root()


def trust_config() -> bytes:
    """Sigstore ClientTrustConfig JSON, for `sigstore --trust-config`."""
    return doors.signer().trust_config()


def identity() -> dict[str, str]:
    """Certificate identity and issuer that every Assay bundle carries."""
    return {"identity": doors.signer().identity(), "issuer": doors.signer().issuer()}
