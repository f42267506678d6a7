from pathlib import Path

import pytest

from certification.checks.provenance import CHECK
from certification.intake import MAX_BUNDLE_BYTES, open_subject
from certification.pipeline import run_check
from certification.ports import Provenance, ProvenanceInvalidError
from certification.types import Level, Outcome, Tools


class Believing:
    def verify(self, *, artifact: Path, bundle: bytes, identity: str, issuer: str) -> Provenance:
        return Provenance(identity, issuer, "type", "repository", "commit")


class Doubting:
    def verify(self, *, artifact: Path, bundle: bytes, identity: str, issuer: str) -> Provenance:
        raise ProvenanceInvalidError("the signature is of something else")


CLAIM = """
[provenance]
bundle = "vocab.gguf.sigstore.json"
identity = "me@example.org"
issuer = "https://example.org"
"""


@pytest.fixture
def report(tmp_path):
    def make(tools, *, claim="", bundle=None):
        (tmp_path / "vocab.gguf").write_bytes(b"GGUF")
        (tmp_path / "assay.toml").write_text('[package]\nformat = "gguf"\n' + claim)
        if bundle is not None:
            (tmp_path / "vocab.gguf.sigstore.json").write_bytes(bundle)
        with open_subject(tmp_path) as subject:
            return run_check(CHECK, subject, tools)

    return make


def test_absence_is_said_and_not_punished(report):
    said = report(Tools())
    assert said.outcome is Outcome.PASSED
    assert [(f.rule, f.level) for f in said.result.findings] == [("provenance.absent", Level.NOTE)]
    assert said.result.evidence[0].content == []


def test_what_is_proven_is_evidence(report):
    said = report(Tools(provenance=Believing()), claim=CLAIM, bundle=b"{}")
    assert said.outcome is Outcome.PASSED
    assert said.result.evidence[0].content == [
        {
            "path": "vocab.gguf",
            "identity": "me@example.org",
            "issuer": "https://example.org",
            "predicateType": "type",
            "sourceRepository": "repository",
            "sourceCommit": "commit",
        }
    ]


@pytest.mark.parametrize(
    ("verifier", "bundle", "reason"),
    [
        (Doubting(), b"{}", "something else"),
        (Believing(), None, "not among the files"),
        (Believing(), b"x" * (MAX_BUNDLE_BYTES + 1), "larger than 1 MiB"),
    ],
)
def test_what_is_not_proven_is_an_error(report, verifier, bundle, reason):
    said = report(Tools(provenance=verifier), claim=CLAIM, bundle=bundle)
    assert said.outcome is Outcome.FAILED
    assert said.result.findings[0].rule == "provenance.invalid"
    assert reason in said.result.findings[0].message


def test_without_a_verifier_there_is_no_answer(report):
    assert report(Tools(), claim=CLAIM, bundle=b"{}").outcome is Outcome.ERRORED


@pytest.mark.parametrize(
    "claim",
    ['[provenance]\nbundle = "x.json"\n', CLAIM.replace("vocab.gguf.sigstore.json", "vocab.gguf")],
)
def test_half_a_claim_is_a_bad_manifest(tmp_path, claim):
    (tmp_path / "vocab.gguf").write_bytes(b"GGUF")
    (tmp_path / "assay.toml").write_text('[package]\nformat = "gguf"\n' + claim)
    with open_subject(tmp_path, lenient=True) as subject:
        assert "provenance needs bundle" in subject.problems[0]
