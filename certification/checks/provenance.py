"""Whether a publisher's signature proves what they say; its absence is said, not punished."""

from certification.intake import MAX_BUNDLE_BYTES
from certification.ports import ProvenanceInvalidError, ProvenanceVerifier
from certification.types import (
    Check,
    Evidence,
    Finding,
    Level,
    Location,
    PublisherBundle,
    Result,
    Stage,
    Subject,
    Tools,
)

STANDARDS = ("CWE-347", "CWE-353", "OWASP LLM03:2025")


def run(subject: Subject, tools: Tools) -> Result:
    """Verify every bundle the publisher sent along, against the identity they named."""
    if not subject.bundles:
        return _absent()
    if tools.provenance is None:
        return Result(incomplete="No provenance verifier is available here.")
    findings: list[Finding] = []
    verified: list[dict[str, str]] = []
    for bundle in subject.bundles:
        try:
            verified.append(_verified(bundle, tools.provenance))
        except ProvenanceInvalidError as fault:
            findings.append(_invalid(bundle, str(fault)))
    return Result(tuple(findings), (Evidence("provenance", verified),))


def _verified(bundle: PublisherBundle, verifier: ProvenanceVerifier) -> dict[str, str]:
    if not bundle.bundle:
        raise ProvenanceInvalidError("the bundle or the file it covers is not among the files")
    if len(bundle.bundle) > MAX_BUNDLE_BYTES:
        raise ProvenanceInvalidError("the bundle is larger than 1 MiB")
    proof = verifier.verify(
        artifact=bundle.artifact,
        bundle=bundle.bundle,
        identity=bundle.identity,
        issuer=bundle.issuer,
    )
    return {
        "path": bundle.path,
        "identity": proof.identity,
        "issuer": proof.issuer,
        "predicateType": proof.predicate_type,
        "sourceRepository": proof.source_repository,
        "sourceCommit": proof.source_commit,
    }


def _absent() -> Result:
    note = Finding(
        "provenance.absent",
        Level.NOTE,
        "No provenance: the publisher sent no sigstore bundle, so nothing ties these bytes to a "
        "source or a build.",
        fix="Sign in your CI and name the bundle under [provenance] in assay.toml.",
        standards=STANDARDS,
    )
    return Result((note,), (Evidence("provenance", []),))


def _invalid(bundle: PublisherBundle, why: str) -> Finding:
    return Finding(
        "provenance.invalid",
        Level.ERROR,
        f"The bundle for “{bundle.path}” does not prove that {bundle.identity or 'anybody'} "
        f"signed it: {why}",
        Location(bundle.path),
        fix="Sign these exact bytes again, and name the identity and issuer in the certificate.",
        standards=STANDARDS,
    )


CHECK = Check(
    id="provenance",
    version=1,
    stage=Stage.PROVENANCE,
    title="Publisher's signature and build",
    why="A signature by the publisher's own build ties the bytes to a source that can be read.",
    remedy="Sign in CI and name the bundle under [provenance] in assay.toml.",
    standards=STANDARDS,
    applies_to=lambda subject: True,
    run=run,
)
