import pytest

from certification.models import Certification, CheckRun
from certification.ports import ApprovedTools
from certification.services.catalogue import CatalogueBeside
from tests import factories

pytestmark = pytest.mark.django_db


def saying(version, check, **evidence):
    """The version, now with a check's answer that holds this evidence."""
    certification = Certification.objects.filter(version=version).order_by("id").last()
    CheckRun.objects.create(
        certification=certification,
        version=version,
        stage="scan",
        check_id=check,
        check_version=99,
        outcome="passed",
        result={
            "findings": [],
            "evidence": [
                {
                    "name": name.replace("_", "-"),
                    "content": content,
                    "mediaType": "application/json",
                }
                for name, content in evidence.items()
            ],
            "incomplete": "",
        },
    )
    return version


def test_names_of_other_organisations_that_are_public():
    own = factories.make_version("acme/weather")
    factories.make_approved_version("acme/notes")
    factories.make_approved_version("bob/maps")
    factories.make_version("bob/draft")
    assert CatalogueBeside(own).names() == ["bob/maps"]


def test_a_first_version_was_never_approved():
    assert CatalogueBeside(factories.make_version("acme/weather")).approved_tools() is None


def test_tools_of_the_version_that_was_approved_last():
    first = factories.make_approved_version("acme/weather", version="1.0.0")
    second = factories.make_version("acme/weather", version="1.1.0")
    assert CatalogueBeside(second).approved_tools() == ApprovedTools("1.0.0", None, None)
    saying(first, "tool-pinning", written_tools={"add": "sha256:1"})
    saying(first, "sandbox-smoke", tools=[{"name": "sub", "digest": "sha256:2"}])
    assert CatalogueBeside(second).approved_tools() == ApprovedTools(
        "1.0.0", {"add": "sha256:1"}, {"sub": "sha256:2"}
    )
