import hashlib

from registry.domain.contents import digest_of

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64


def test_it_is_what_sha256sum_would_print():
    listing = f"{'a' * 64}  one\n{'b' * 64}  two\n"
    assert digest_of([("two", B), ("one", A)]) == (
        "sha256:" + hashlib.sha256(listing.encode()).hexdigest()
    )


def test_order_does_not_matter_but_names_do():
    assert digest_of([("x", A), ("y", B)]) == digest_of([("y", B), ("x", A)])
    assert digest_of([("x", A), ("y", B)]) != digest_of([("y", A), ("x", B)])
