import pytest

from certification.services import doors
from certification.signing.embedded import EmbeddedSigner
from tests.fakes import FakeSandbox, NoProvenance

URL = "http://127.0.0.1:8000"


@pytest.fixture
def sandbox(monkeypatch):
    """A sandbox that runs nothing, behind the door that services open."""
    fake = FakeSandbox()
    monkeypatch.setattr(doors, "sandbox", lambda: fake)
    monkeypatch.setattr(doors, "provenance", NoProvenance)
    return fake


@pytest.fixture
def signer(monkeypatch, tmp_path):
    """The real embedded authority with keys of its own."""
    own = EmbeddedSigner(tmp_path / "keys", URL)
    monkeypatch.setattr(doors, "signer", lambda: own)
    return own
