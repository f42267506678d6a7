import hashlib

import pytest

from registry.blobs import open_blob, spool_storage
from registry.domain.problems import Code, ProblemError
from registry.domain.uploads import PART_BYTES, Announced
from registry.models import Blob, Event, UploadPart
from registry.services import collecting, uploading
from tests import factories

pytestmark = pytest.mark.django_db


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


@pytest.fixture
def publisher():
    return factories.make_user("pat")


def announce(actor, **files):
    return uploading.announce(
        [Announced(path, len(body), sha(body)) for path, body in files.items()], actor=actor
    )


def put(file, number, body, digest=None):
    return uploading.put_part(file, number, chunks=[body], digest=digest or sha(body))


def refused(code, call, *args, **kwargs):
    with pytest.raises(ProblemError) as caught:
        call(*args, **kwargs)
    assert caught.value.code is code
    return caught.value.detail


def test_parts_in_any_order_become_a_blob(publisher):
    body = b"a" * PART_BYTES + b"tail"
    upload = announce(publisher, big=body, empty=b"")
    file = upload.files.get(path="big")
    put(file, 2, b"tail")
    put(file, 1, body[:PART_BYTES])
    uploading.assemble(upload.pk, actor=publisher)
    file.refresh_from_db()
    with open_blob(file.blob_id) as stored:
        assert stored.read() == body
    assert Blob.objects.get(digest=sha(b"")).size == 0


def test_a_part_sent_twice_replaces_itself(publisher):
    upload = announce(publisher, x=b"abc")
    file = upload.files.get()
    put(file, 1, b"abc")
    put(file, 1, b"abc")
    assert UploadPart.objects.count() == 1


def test_a_part_with_the_wrong_digest_leaves_nothing(publisher):
    upload = announce(publisher, x=b"abc")
    file = upload.files.get()
    put(file, 1, b"abc")
    refused(Code.WRONG_DIGEST, put, file, 1, b"xyz", sha(b"abc"))
    assert not UploadPart.objects.exists()
    assert not spool_storage().exists(uploading.part_key(file, 1))


@pytest.mark.parametrize("body", [b"ab", b"abcd", b""])
def test_a_part_cut_short_or_too_long_is_refused(publisher, body):
    upload = announce(publisher, x=b"abc")
    refused(Code.WRONG_SIZE, put, upload.files.get(), 1, body)
    assert not UploadPart.objects.exists()


def test_a_part_that_does_not_exist_is_refused(publisher):
    upload = announce(publisher, x=b"abc")
    refused(Code.WRONG_SIZE, put, upload.files.get(), 2, b"abc")


def test_a_missing_part_is_named(publisher):
    upload = announce(publisher, x=b"abc")
    detail = refused(Code.PART_MISSING, uploading.assemble, upload.pk, actor=publisher)
    assert "part 1" in detail


def test_good_parts_of_a_wrong_whole_are_refused(publisher):
    upload = uploading.announce([Announced("x", 3, sha(b"other"))], actor=publisher)
    put(upload.files.get(), 1, b"abc")
    refused(Code.WRONG_DIGEST, uploading.assemble, upload.pk, actor=publisher)
    assert not Blob.objects.exists()


def test_assembling_again_after_a_break_changes_nothing(publisher):
    upload = announce(publisher, x=b"abc", y=b"def")
    put(upload.files.get(path="x"), 1, b"abc")
    refused(Code.PART_MISSING, uploading.assemble, upload.pk, actor=publisher)
    put(upload.files.get(path="y"), 1, b"def")
    uploading.assemble(upload.pk, actor=publisher)
    uploading.assemble(upload.pk, actor=publisher)
    assert Blob.objects.count() == 2


def test_a_complete_file_takes_no_more_parts(publisher):
    upload = announce(publisher, x=b"abc")
    file = upload.files.get()
    put(file, 1, b"abc")
    uploading.assemble(upload.pk, actor=publisher)
    refused(Code.UPLOAD_CLOSED, uploading.open_file, upload.pk, file.pk, actor=publisher)


def test_somebody_elses_upload_does_not_exist(publisher):
    upload = announce(publisher, x=b"abc")
    stranger = factories.make_user("sam")
    refused(Code.NOT_FOUND, uploading.open_upload, upload.pk, actor=stranger)


def test_a_file_of_another_upload_does_not_exist(publisher):
    upload, other = announce(publisher, x=b"abc"), announce(publisher, y=b"abc")
    refused(
        Code.NOT_FOUND,
        uploading.open_file,
        upload.pk,
        other.files.get().pk,
        actor=publisher,
    )


@pytest.mark.django_db(transaction=True)
def test_aborting_drops_the_parts(publisher):
    upload = announce(publisher, x=b"abc")
    file = upload.files.get()
    put(file, 1, b"abc")
    uploading.abort(upload.pk, actor=publisher)
    assert not spool_storage().exists(uploading.part_key(file, 1))
    refused(Code.UPLOAD_CLOSED, uploading.open_upload, upload.pk, actor=publisher)
    assert Event.objects.filter(verb="upload.aborted").exists()


def test_expired_uploads_are_collected(publisher):
    upload = announce(publisher, x=b"abc")
    put(upload.files.get(), 1, b"abc")
    upload.expires_at = upload.created_at
    upload.save()
    assert collecting.collect_orphans() == 1
    assert not UploadPart.objects.exists()
    refused(Code.UPLOAD_CLOSED, uploading.open_upload, upload.pk, actor=publisher)


def test_open_uploads_are_bounded(publisher, monkeypatch):
    monkeypatch.setattr(uploading, "MAX_OPEN_UPLOADS", 1)
    announce(publisher, x=b"abc")
    refused(Code.INVALID, announce, publisher, y=b"abc")
