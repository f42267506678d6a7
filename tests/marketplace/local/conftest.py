import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.local.places import Places


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Places]:
    """Places of their own, whose socket folder outside the home goes away again."""
    found = Places(tmp_path / "home")
    yield found
    shutil.rmtree(found.sockets, ignore_errors=True)
