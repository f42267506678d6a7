"""How versions are written on the command line, and where the API has them."""

import re
from urllib.parse import quote

from assay.faults import Exit, FaultError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9._-]*", re.ASCII)
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}", re.ASCII)


def split_name(text: str) -> tuple[str, str]:
    """`namespace/name[@version]` in two; raises FaultError (USAGE)."""
    name, at, version = text.partition("@")
    if not _NAME.fullmatch(name) or (at and not _VERSION.fullmatch(version)):
        raise FaultError(f"“{text}” is not of the form namespace/name[@version].", Exit.USAGE)
    return name, version


def split_release(text: str) -> tuple[str, str]:
    """`namespace/name@version` in two; raises FaultError (USAGE)."""
    name, version = split_name(text)
    if not version:
        raise FaultError(f"Say which version: {name}@VERSION.", Exit.USAGE)
    return name, version


def version_path(package: str, version: str) -> str:
    """The API's path of one version."""
    return f"/api/v1/packages/{package}/versions/{quote(version, safe='')}"
