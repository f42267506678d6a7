"""Versions with something to see on every page."""

from django.test import Client

from certification.checks import ALL
from certification.models import Certification, CheckRun, StageRun, StageState
from certification.services import certifying
from certification.types import Stage
from registry.domain.descriptor import Descriptor, EntryPoint, Permissions
from registry.domain.identifiers import Format
from registry.domain.states import State
from registry.models import User, Version
from tests import factories

DESCRIPTOR = Descriptor(
    Format.MCP_SERVER,
    name="weather",
    version="1.0.0",
    title="Weather",
    summary="Forecasts for any place, from open data.",
    licence="Apache-2.0",
    entry_point=EntryPoint("python", ("server.py",)),
    tools=("forecast",),
    permissions=Permissions(network=("api.example.org",), environment=("WEATHER_KEY",)),
    permissions_declared=True,
    source="assay.toml",
    readme="# Weather\n\nTells you *when* to carry an umbrella.\n\n<script>alert(1)</script>\n",
)
FINDING = {
    "rule": "hidden-text.tags",
    "level": "warning",
    "message": "Invisible letters <b>spell</b> an instruction.",
    "location": {"path": "server.py", "line": 7, "offset": None},
    "fix": "Remove the characters U+E0001 to U+E007F.",
    "standards": ["CWE-1007"],
    "patch": "--- a/server.py\n+++ b/server.py\n@@ -7,1 +7,1 @@\n"
    "-say('\u202ehello')\n+say('hello')\n",
}
NOTE = {**FINDING, "rule": "hidden-text.invisible", "level": "note"}


def signed_in(user: User) -> Client:
    """A browser in which that person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def certified_version(number: str = "1.0.0") -> Version:
    """acme/weather, certified, with one answer."""
    version = factories.make_approved_version("acme/weather", number, descriptor=DESCRIPTOR)
    answer(version, "secrets", "passed")
    answer(version, "hidden-text", "passed", findings=[NOTE])
    return version


def version_in_review(number: str = "1.1.0") -> Version:
    """acme/weather with a warning and a check that could not judge; all others passed."""
    version = factories.make_version(
        "acme/weather",
        number,
        state=State.CERTIFYING,
        descriptor=DESCRIPTOR,
        files={**factories.FILES, "logo.bin": b"\0\1\2Assay"},
    )
    answer(version, "hidden-text", "failed", findings=[FINDING])
    answer(version, "secrets", "errored", incomplete="server.py is too large to read.")
    for check in ALL:
        if check.id not in {"hidden-text", "secrets"}:
            answer(version, check.id, "passed")
    StageRun.objects.filter(certification__version=version).update(state=StageState.DONE)
    certifying.judge(Certification.objects.get(version=version).pk)
    return Version.objects.with_names().get(pk=version.pk)


def answer(version, check, outcome, *, findings=(), incomplete="", evidence=None) -> None:
    """Store what a check said."""
    CheckRun.objects.create(
        certification=Certification.objects.get(version=version),
        version=version,
        stage=Stage.SCAN.value,
        check_id=check,
        check_version=1,
        outcome=outcome,
        result={
            "findings": list(findings),
            "evidence": [
                {"name": check, "media_type": "application/json", "content": evidence or [{"n": 1}]}
            ],
            "incomplete": incomplete,
        },
    )
