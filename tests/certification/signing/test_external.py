"""The external back-end against a stack that speaks the services' own protocols."""

import json
import time
from pathlib import Path

import jwt
import pytest
from sigstore.errors import VerificationError
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from certification.models import LogEntry
from certification.signing import signer_from_settings
from certification.signing.embedded import EmbeddedSigner
from certification.signing.external import ExternalSigner, NoIdentityError
from tests.certification.signing.stack import running

pytestmark = pytest.mark.django_db(transaction=True)

WORKLOAD = "https://ci.example.org/assay/signer"
ISSUER = "https://oidc.example.org"
STATEMENT = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "a", "digest": {"sha256": "a" * 64}}],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {"verificationResult": "PASSED"},
    }
).encode()
PLATFORMS = ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "SIGSTORE_ID_TOKEN")


@pytest.fixture
def stack(tmp_path):
    with running(tmp_path / "stack") as stack:
        yield stack


@pytest.fixture
def config(stack, tmp_path):
    path = tmp_path / "trust_config.json"
    path.write_bytes(stack.config)
    return path


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    """No build platform around us, whatever runs these tests."""
    for name in PLATFORMS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workload(monkeypatch):
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": WORKLOAD, "aud": "sigstore", "iat": now, "exp": now + 60}
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", jwt.encode(claims, "k" * 32, algorithm="HS256"))


def test_it_signs_with_the_services_that_the_configuration_names(stack, config, workload):
    signer = ExternalSigner(config)
    signed = signer.sign(STATEMENT)
    assert sorted(stack.asked) == [
        "/api/v2/signingCert",
        "/trust/log/api/v1/log/entries",
        "/trust/tsa",
    ]
    assert (signer.identity(), signer.issuer(), signed.log_index) == (WORKLOAD, ISSUER, 1)
    trusted = ClientTrustConfig.from_json(signer.trust_config().decode()).trusted_root
    _, payload = Verifier(trusted_root=trusted).verify_dsse(
        Bundle.from_json(signed.bundle), Identity(identity=WORKLOAD, issuer=ISSUER)
    )
    assert payload == STATEMENT
    assert json.loads(signer.trusted_root()) == json.loads(stack.config)["trustedRoot"]


def test_without_a_token_it_refuses_and_asks_nobody(stack, config):
    signer = ExternalSigner(config)
    for act in (lambda: signer.sign(STATEMENT), signer.identity, signer.issuer):
        with pytest.raises(NoIdentityError, match="no ambient OIDC identity"):
            act()
    assert stack.asked == []
    assert not LogEntry.objects.exists()


def test_a_certificate_for_somebody_else_is_refused(stack, config, workload):
    stack.identity_override = "https://ci.example.org/mallory"
    with pytest.raises(VerificationError, match="SAN"):
        ExternalSigner(config).sign(STATEMENT)


def test_the_certificate_may_name_another_than_the_token(stack, config, workload):
    stack.identity_override = "https://ci.example.org/certifier"
    signer = ExternalSigner(config, identity=stack.identity_override, issuer=ISSUER)
    signed = signer.sign(STATEMENT)
    assert signer.identity() == "https://ci.example.org/certifier"
    trusted = ClientTrustConfig.from_json(signer.trust_config().decode()).trusted_root
    Verifier(trusted_root=trusted).verify_dsse(
        Bundle.from_json(signed.bundle), Identity(identity=signer.identity(), issuer=ISSUER)
    )
    with pytest.raises(VerificationError, match="OIDCIssuer"):
        ExternalSigner(
            config, identity=stack.identity_override, issuer="https://other.example.org"
        ).sign(STATEMENT)


def test_a_process_without_a_token_still_says_who_signs(settings, config):
    settings.ASSAY_SIGSTORE_TRUST_CONFIG = str(config)
    settings.ASSAY_SIGSTORE_IDENTITY = WORKLOAD
    settings.ASSAY_SIGSTORE_ISSUER = ISSUER
    signer = signer_from_settings()
    assert (signer.identity(), signer.issuer()) == (WORKLOAD, ISSUER)
    with pytest.raises(NoIdentityError):
        signer.sign(STATEMENT)


def test_the_settings_choose_and_nothing_falls_back(settings, config, tmp_path):
    settings.ASSAY_SIGSTORE_TRUST_CONFIG = ""
    assert isinstance(signer_from_settings(), EmbeddedSigner)
    settings.ASSAY_SIGSTORE_TRUST_CONFIG = str(config)
    assert isinstance(signer_from_settings(), ExternalSigner)
    settings.ASSAY_SIGSTORE_TRUST_CONFIG = str(tmp_path / "absent.json")
    with pytest.raises(FileNotFoundError):
        signer_from_settings()
    Path(settings.ASSAY_SIGSTORE_TRUST_CONFIG).write_text("{}")
    with pytest.raises(ValueError, match="ClientTrustConfig"):
        signer_from_settings()
