"""The published documents as sigstore reads them."""

import json

import pytest
from sigstore.models import ClientTrustConfig, TrustedRoot

from certification.signing import trustroot
from certification.signing.authority import load_anchors

URL = "https://assay.example.org/base"


@pytest.fixture
def anchors(tmp_path):
    return load_anchors(tmp_path / "keys")


def test_sigstore_reads_both(anchors, tmp_path):
    root = tmp_path / "trusted_root.json"
    root.write_text(json.dumps(trustroot.trusted_root(anchors, url=URL)))
    config = ClientTrustConfig.from_json(json.dumps(trustroot.trust_config(anchors, url=URL)))
    for read in (TrustedRoot.from_file(str(root)), config.trusted_root):
        assert read.get_fulcio_certs() == [anchors.ca, anchors.root]
        (timestamping,) = read.get_timestamp_authorities()
        assert timestamping.certificates(allow_expired=True) == [anchors.tsa, anchors.root]


def test_every_log_is_named_by_its_own_key(anchors):
    root = trustroot.trusted_root(anchors, url=URL)
    (log,), (ct,) = root["tlogs"], root["ctlogs"]
    assert log["logId"] != ct["logId"]
    assert log["publicKey"]["rawBytes"] != ct["publicKey"]["rawBytes"]


@pytest.mark.parametrize("url", [URL, f"{URL}/", "http://127.0.0.1:8000"])
def test_clients_find_the_checkpoints_origin_in_the_logs_address(url):
    assert trustroot.origin_of(url) == url.split("//")[1].rstrip("/")
