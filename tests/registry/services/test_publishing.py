import hashlib

import pytest
from django.db import DatabaseError, transaction

from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format, PackageName
from registry.domain.problems import Code, ProblemError
from registry.domain.states import State
from registry.domain.uploads import Announced
from registry.models import Event, File, OrganisationRole, Version
from registry.services import lifecycle, publishing, uploading
from tests import factories

pytestmark = pytest.mark.django_db

NAME = PackageName("acme", "thing")
MODEL = Descriptor(format=Format.GGUF)


@pytest.fixture
def publisher():
    return factories.make_publisher()


def uploaded(actor, path="model.gguf", body=b"GGUF"):
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    upload = uploading.announce([Announced(path, len(body), digest)], actor=actor)
    uploading.put_part(upload.files.get(), 1, chunks=[body], digest=digest)
    return uploading.assemble(upload.pk, actor=actor)


def submit(actor, version="1", name=NAME, descriptor=MODEL, upload=None):
    upload = upload or uploaded(actor)
    return publishing.submit(
        upload.pk, name=name, version=version, descriptor=descriptor, actor=actor
    )


def refused(code, *args, **kwargs):
    with pytest.raises(ProblemError) as caught:
        submit(*args, **kwargs)
    assert caught.value.code is code


def test_a_version_is_submitted_with_its_files_and_an_event(publisher):
    version = submit(publisher)
    assert version.state == State.SUBMITTED
    assert version.files.get().path == "model.gguf"
    assert version.size == 4
    event = Event.objects.get(verb="version.submitted")
    assert (event.actor, event.package) == (publisher, "acme/thing@1")


def test_a_version_number_is_used_once(publisher):
    submit(publisher)
    refused(Code.VERSION_EXISTS, publisher)
    submit(publisher, version="2")


def test_an_upload_is_published_once(publisher):
    upload = uploaded(publisher)
    submit(publisher, upload=upload)
    refused(Code.UPLOAD_CLOSED, publisher, version="2", upload=upload)


def test_an_upload_that_is_not_assembled_is_refused(publisher):
    digest = "sha256:" + "0" * 64
    upload = uploading.announce([Announced("x", 1, digest)], actor=publisher)
    refused(Code.PART_MISSING, publisher, upload=upload)


def test_a_package_keeps_its_format(publisher):
    submit(publisher)
    refused(Code.FORMAT_CHANGED, publisher, version="2", descriptor=Descriptor(format=Format.ONNX))


def test_agents_need_semver(publisher):
    refused(Code.INVALID_NAME, publisher, descriptor=Descriptor(format=Format.SKILL))


def test_a_foreign_namespace_and_one_that_is_free_answer_alike(publisher):
    stranger = factories.make_user("sam")
    refused(Code.FORBIDDEN, stranger, upload=uploaded(stranger))
    refused(Code.FORBIDDEN, publisher, name=PackageName("free", "thing"))


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (OrganisationRole.ADMIN, True),
        (OrganisationRole.PUBLISHER, True),
        (OrganisationRole.MEMBER, False),
        (OrganisationRole.AUDITOR, False),
    ],
)
def test_who_may_publish(publisher, role, may):
    person = factories.join(factories.make_user("mo"), publisher.organisations.get(), role)
    if may:
        assert submit(person).submitted_by == person
    else:
        refused(Code.FORBIDDEN, person)


def test_a_refused_submission_leaves_nothing(publisher):
    submit(publisher)
    upload = uploaded(publisher)
    refused(Code.VERSION_EXISTS, publisher, upload=upload)
    upload.refresh_from_db()
    assert upload.state == "open"
    assert Version.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda version: Version.objects.filter(pk=version.pk).update(state="approved"),
        lambda version: Version.objects.filter(pk=version.pk).update(digest="sha256:1"),
        lambda version: Version.objects.filter(pk=version.pk).update(descriptor={}),
        lambda version: version.files.update(path="other"),
        lambda version: File.objects.filter(version=version).delete(),
        lambda version: Event.objects.update(verb="nothing.happened"),
        lambda version: Event.objects.all().delete(),
        lambda version: Version.objects.filter(pk=version.pk).delete(),
    ],
)
def test_the_database_itself_refuses_what_the_law_forbids(publisher, change):
    version = submit(publisher)
    with pytest.raises(DatabaseError), transaction.atomic():
        change(version)


def test_the_database_refuses_a_version_born_approved(publisher):
    version = submit(publisher)
    with pytest.raises(DatabaseError), transaction.atomic():
        Version.objects.create(
            package=version.package,
            version="9",
            state="approved",
            digest="sha256:0",
            size=0,
            submitted_by=publisher,
        )


def test_withdrawing(publisher):
    version = submit(publisher)
    assert lifecycle.withdraw(version.pk, actor=publisher).state == State.WITHDRAWN
    with pytest.raises(ProblemError, match="cannot become"):
        lifecycle.withdraw(version.pk, actor=publisher)


def test_only_approved_versions_are_yanked(publisher):
    version = submit(publisher)
    with pytest.raises(ProblemError, match="Only an approved"):
        lifecycle.yank(version.pk, actor=publisher, reason="broken")


def test_yanking_says_why_and_can_be_undone(publisher):
    version = submit(publisher)
    lifecycle.move(version.pk, State.CERTIFYING, actor=None)
    lifecycle.move(version.pk, State.APPROVED, actor=None)
    with pytest.raises(ProblemError, match="Say why"):
        lifecycle.yank(version.pk, actor=publisher, reason=" ")
    assert lifecycle.yank(version.pk, actor=publisher, reason="broken").yanked_at
    assert not Version.objects.resolvable().exists()
    assert Version.objects.public().exists()
    lifecycle.unyank(version.pk, actor=publisher)
    assert Version.objects.resolvable().exists()


def test_a_version_that_is_not_there():
    with pytest.raises(ProblemError) as caught:
        lifecycle.locked(1)
    assert caught.value.code is Code.NOT_FOUND
