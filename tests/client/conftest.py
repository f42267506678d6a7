"""A client with its own settings folder, and a server that says what a test wants said."""

from collections.abc import Iterator

import pytest

from assay import api as api_module
from assay import installing
from assay.api import Api
from assay.config import Login
from tests.client.canned import Desk, serving


@pytest.fixture(autouse=True)
def own_settings(tmp_path, monkeypatch):
    """Nothing of the person who runs the tests is read or written."""
    monkeypatch.setenv("ASSAY_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("ASSAY_URL", raising=False)
    monkeypatch.delenv("ASSAY_TOKEN", raising=False)


@pytest.fixture
def hasty(monkeypatch):
    """Three tries without waiting."""
    for module in (api_module, installing):
        monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(api_module, "_SHORT", (0.0, 0.0))


@pytest.fixture
def desk(hasty) -> Iterator[Desk]:
    """The server."""
    with serving() as running:
        yield running


@pytest.fixture
def api(desk) -> Iterator[Api]:
    """A session with it."""
    session = Api(Login(desk.url, "assay_token"))
    yield session
    session.close()
