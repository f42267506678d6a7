"""The digest of a version: one name for all of its files."""

import hashlib
from collections.abc import Iterable


def digest_of(entries: Iterable[tuple[str, str]]) -> str:
    """sha256:<hex> over the lines `<hex>  <path>` sorted by path, as `sha256sum` writes them.

    `entries` are (path, "sha256:<hex>"). Anyone can recompute it with `sha256sum | sha256sum`.
    """
    lines = sorted((path, digest.removeprefix("sha256:")) for path, digest in entries)
    listing = "".join(f"{hexadecimal}  {path}\n" for path, hexadecimal in lines)
    return "sha256:" + hashlib.sha256(listing.encode()).hexdigest()
