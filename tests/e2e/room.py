"""The sandbox of browser tests: what runs in it is not their subject."""

from pathlib import Path

from tests.fakes import FakeSandbox


def still_room(home: Path) -> FakeSandbox:
    """As `settings.ASSAY_SANDBOX` is called."""
    return FakeSandbox()
