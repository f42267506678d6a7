"""Bytes and documents of a version."""

import base64

import pytest

from certification.models import Advisory, BilledComponent, BillOfMaterials, Exposure
from registry.domain.states import State
from registry.services import lifecycle
from tests import factories

pytestmark = pytest.mark.django_db

BYTES = bytes(range(256)) * 20
BASE = "/api/v1/packages/acme/weather/versions/1.0.0/"
ETAG = f'"{factories.sha256(BYTES)}"'


@pytest.fixture
def version(db):
    return factories.make_approved_version(
        files={"a/data.bin": BYTES, "empty.txt": b"", "ü.md": b"u"}
    )


def body(response):
    return response.getvalue()


@pytest.mark.parametrize("tail", ["files/a/data.bin", f"blobs/{factories.sha256(BYTES)}"])
def test_a_file_comes_whole_and_cannot_be_shown(client, version, tail):
    response = client.get(BASE + tail)
    assert body(response) == BYTES
    assert response.status_code == 200
    assert response["Content-Length"] == str(len(BYTES))
    assert response["ETag"] == ETAG
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Disposition"] == 'attachment; filename="data.bin"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_range_comes_as_206(client, version):
    response = client.get(BASE + "files/a/data.bin", headers={"range": "bytes=10-19"})
    assert response.status_code == 206
    assert body(response) == BYTES[10:20]
    assert response["Content-Range"] == f"bytes 10-19/{len(BYTES)}"
    assert response["Content-Length"] == "10"


def test_a_range_beyond_the_end_is_416(client, version, refused):
    response = client.get(BASE + "files/a/data.bin", headers={"range": "bytes=99999-"})
    refused(response, 416, "unsatisfiable-range")
    assert response["Content-Range"] == f"bytes */{len(BYTES)}"


@pytest.mark.parametrize(
    ("condition", "status"), [(ETAG, 206), ('"other"', 200), ("W/" + ETAG, 200)]
)
def test_if_range_decides(client, version, condition, status):
    headers = {"range": "bytes=0-1", "if-range": condition}
    response = client.get(BASE + "files/a/data.bin", headers=headers)
    assert response.status_code == status
    body(response)


def test_what_is_known_already_is_304(client, version):
    response = client.get(BASE + "files/a/data.bin", headers={"if-none-match": ETAG})
    assert response.status_code == 304
    assert response.content == b""


def test_head_tells_without_sending(client, version):
    response = client.head(BASE + "files/a/data.bin", headers={"range": "bytes=0-1"})
    assert response.status_code == 200
    assert response["Content-Length"] == str(len(BYTES))
    assert response.content == b""


def test_an_empty_file_comes_empty(client, version):
    response = client.get(BASE + "files/empty.txt")
    assert (response.status_code, body(response)) == (200, b"")


def test_names_beyond_ascii_are_encoded(client, version):
    response = client.get(BASE + "files/%C3%BC.md")
    assert "filename*=utf-8''%C3%BC.md" in response["Content-Disposition"]
    body(response)


@pytest.mark.parametrize(
    "tail",
    [
        "files/nothing",
        "files/a",
        "files/a%00",
        "files/..%2f..%2fetc%2fpasswd",
        "files/%ff%fe",
        "files//etc/passwd",
        "files/a%0ab",
        "files/" + "a" * 3000,
        "blobs/sha256:" + "0" * 64,
        "blobs/sha256:zz",
        "blobs/md5:1",
    ],
)
def test_files_that_are_not_there_are_absent(client, version, refused, tail):
    refused(client.get(BASE + tail), 404, "not-found")


def test_a_blob_of_another_version_is_absent(client, version, refused):
    factories.make_version("acme/other", files={"x": b"secret"})
    refused(client.get(BASE + f"blobs/{factories.sha256(b'secret')}"), 404, "not-found")


@pytest.mark.parametrize("state", sorted(set(factories.PATHS_TO) - {State.APPROVED}))
@pytest.mark.parametrize(
    "tail",
    [
        "",
        "manifest",
        "attestations",
        "attestations/certificate",
        "attestations/timestamp",
        "report",
        "files/README.md",
    ],
)
def test_what_is_not_approved_is_absent_for_others(outside, client, refused, state, tail):
    factories.make_version(state=state)
    for visitor in (client, outside):
        there = visitor.get(BASE + tail)
        absent = visitor.get(BASE.replace("1.0.0", "9.9.9") + tail)
        refused(there, 404, "not-found")
        assert there.content.replace(b"1.0.0", b"9.9.9") == absent.content


def test_insiders_read_what_is_not_approved(publisher, as_token, reviewing):
    factories.make_version(state=State.IN_REVIEW)
    for insider in (as_token(publisher), reviewing):
        assert insider.get(BASE).json()["state"] == "in_review"
        response = insider.get(BASE + "files/README.md")
        assert body(response) == factories.FILES["README.md"]


def test_the_manifest_is_stored_bytes_with_their_digest(client, version):
    response = client.get(BASE + "manifest")
    assert response.content == bytes(version.certificate.manifest)
    assert response["Content-Type"] == "application/vnd.assay.install-manifest.v1+json"
    assert response["ETag"] == f'"{factories.sha256(response.content)}"'
    again = client.get(BASE + "manifest", headers={"if-none-match": response["ETag"]})
    assert again.status_code == 304


def test_attestations_carry_the_bundle(client, version):
    bundle = client.get(BASE + "attestations/certificate")
    assert bundle["Content-Type"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert bundle.content == bytes(version.certificate.bundle)
    listed = client.get(BASE + "attestations").json()["bundles"]
    assert listed == [
        {
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "bundle": bundle.json(),
            "timestamp": base64.b64encode(version.certificate.timestamp).decode(),
        }
    ]


def test_the_time_of_the_signature_comes_apart(client, version):
    answer = client.get(BASE + "attestations/timestamp")
    assert answer["Content-Type"] == "application/timestamp-reply"
    assert answer.content == bytes(version.certificate.timestamp)
    assert not answer["ETag"].startswith("W/")
    again = client.get(BASE + "attestations/timestamp", headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304


def test_a_certificate_without_a_time_of_its_own_says_so(client, version, refused):
    older = factories.make_version(version="0.9.0", state=State.CERTIFYING)
    factories.make_certificate(older, timestamp=b"")
    lifecycle.move(older.pk, State.APPROVED, actor=None)
    refused(client.get(BASE.replace("1.0.0", "0.9.0") + "attestations/timestamp"), 404, "not-found")


def test_the_report_comes_as_json_or_sarif(client, version, refused):
    assert client.get(BASE + "report").json()["decision"] == "approve"
    accepted = client.get(BASE + "report", headers={"accept": "application/sarif+json"})
    assert accepted["Content-Type"] == "application/sarif+json"
    assert accepted.json()["version"] == "2.1.0"
    assert "Accept" in accepted["Vary"]
    asked = client.get(BASE + "report?format=sarif")
    assert asked["Content-Type"] == "application/sarif+json"
    assert client.get(BASE + "report?format=json").json()["decision"] == "approve"
    refused(client.get(BASE + "report?format=pdf"), 400, "invalid")


def test_there_is_no_report_before_the_verdict(publisher, as_token, refused):
    factories.make_version(state=State.CERTIFYING)
    refused(as_token(publisher).get(BASE + "report"), 404, "not-found")
    refused(as_token(publisher).get(BASE + "manifest"), 404, "not-found")


def test_the_bill_of_materials_and_later_advisories(client, version, refused, tmp_path):
    refused(client.get(BASE + "sbom"), 404, "not-found")
    component = BilledComponent.objects.create(
        version=version, ecosystem="PyPI", name="requests", release="2.31.0"
    )
    BillOfMaterials.objects.create(version=version, document=b"{}", digest=factories.sha256(b"{}"))
    bill = client.get(BASE + "sbom")
    assert bill["Content-Type"] == "application/vnd.cyclonedx+json; version=1.6"
    assert bill["ETag"] == f'"{factories.sha256(bill.content)}"'
    assert client.get(BASE + "advisories").json() == {"advisories": []}
    advisory = Advisory.objects.create(
        osv_id="PYSEC-1", severity="high", modified="2026", content="x", aliases=["CVE-1"]
    )
    Exposure.objects.create(component=component, version=version, advisory=advisory, fixed="3")
    (told,) = client.get(BASE + "advisories").json()["advisories"]
    assert (told["advisory"], told["component"], told["fixed"]) == ("PYSEC-1", "requests", "3")
    page = client.get("/acme/weather/certificate/").content.decode()
    assert "Known since it was certified" in page
    contents = client.get("/acme/weather/contents/").content.decode()
    assert "Bill of materials" in contents
