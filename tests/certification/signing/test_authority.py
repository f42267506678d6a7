"""The authority's folder: made once, private, and split between signers and publishers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509 import BasicConstraints, ExtendedKeyUsage, KeyUsage

from certification.signing.authority import key_id, load_anchors, load_authority
from certification.signing.embedded import EmbeddedSigner


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "keys"


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_it_is_made_once_and_private(folder):
    made = load_authority(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert load_authority(folder).anchors == made.anchors
    assert names(folder.parent) == {"keys"}


def test_every_part_has_its_own_key(folder):
    made = load_authority(folder)
    keys = [key.public_key() for key in (made.ca_key, made.tsa_key, made.ct_key, made.log_key)]
    assert len({key_id(key) for key in [*keys, made.anchors.root.public_key()]}) == 5
    assert (made.anchors.ct, made.anchors.log) == (keys[2], keys[3])


def test_the_root_key_may_leave_the_machine(folder):
    made = load_authority(folder)
    (folder / "root.key").unlink()
    assert load_authority(folder).anchors == made.anchors


def test_the_trust_documents_need_no_private_key(folder):
    expected = EmbeddedSigner(folder, "https://assay.example.org").trust_config()
    for path in folder.glob("*.key"):
        path.unlink()
    assert EmbeddedSigner(folder, "https://assay.example.org").trust_config() == expected


def test_whoever_starts_together_gets_the_same_keys(folder):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: load_authority(folder), range(8)))
    assert all(one.anchors == made[0].anchors for one in made)
    assert names(folder.parent) == {"keys"}


def test_an_empty_folder_is_filled_and_a_broken_one_is_not_mended(folder):
    folder.mkdir(mode=0o700)
    load_authority(folder)
    (folder / "tsa.crt").unlink()
    with pytest.raises(FileNotFoundError):
        load_authority(folder)
    assert not (folder / "tsa.crt").exists()


def ed25519_pem(name):
    key = ed25519.Ed25519PrivateKey.generate()
    if name.endswith(".pub"):
        return key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize("name", ["ca.key", "log.pub"])
def test_a_key_of_another_kind_is_refused(folder, name):
    load_authority(folder)
    (folder / name).write_bytes(ed25519_pem(name))
    with pytest.raises(TypeError, match="not an EC key"):
        load_authority(folder)


def test_the_certificates_are_what_verifiers_insist_on(folder):
    anchors = load_anchors(folder)
    for authority in (anchors.root, anchors.ca):
        basic = authority.extensions.get_extension_for_class(BasicConstraints)
        usage = authority.extensions.get_extension_for_class(KeyUsage)
        assert (basic.critical, basic.value.ca) == (True, True)
        assert (usage.critical, usage.value.key_cert_sign) == (True, True)
    for issued in (anchors.ca, anchors.tsa):
        issued.verify_directly_issued_by(anchors.root)
    assert anchors.tsa.extensions.get_extension_for_class(ExtendedKeyUsage).critical
