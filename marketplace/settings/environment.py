"""Readers of single environment values; each refuses what it cannot read, by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TCP_PORTS = range(1, 65536)


def storage_from_url(url: str) -> dict[str, Any]:
    """A STORAGES entry for `file:///folder` or `s3://bucket[/prefix]?endpoint=…&region=…`.

    S3 credentials are not part of the URL: boto3 reads them from its own places.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return {
            "BACKEND": "registry.blobs.AtomicFileSystemStorage",
            "OPTIONS": {"location": unquote(parts.path)},
        }
    if parts.scheme == "s3" and parts.netloc:
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": _s3_options(url)}
    raise ImproperlyConfigured(
        "BLOB_STORE_URL must be file:///absolute/folder or s3://bucket?endpoint=URL&region=NAME."
    )


def _s3_options(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if unknown := set(query) - {"endpoint", "region"}:
        raise ImproperlyConfigured(
            f"BLOB_STORE_URL does not know {', '.join(sorted(unknown))}: use endpoint and region."
        )
    options: dict[str, Any] = {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "addressing_style": "path",
        "file_overwrite": True,
        "default_acl": None,
        "querystring_expire": 300,
    }
    if "endpoint" in query:
        options["endpoint_url"] = query["endpoint"][0]
    if "region" in query:
        options["region_name"] = query["region"][0]
    return options


def port(environ: Mapping[str, str], default: int = 8000) -> int:
    """PORT as a number from 1 to 65535."""
    text = environ.get("PORT", "") or str(default)
    if not text.isdecimal() or int(text) not in TCP_PORTS:
        raise ImproperlyConfigured("PORT must be a number from 1 to 65535.")
    return int(text)


def folder(environ: Mapping[str, str], name: str, default: Path) -> Path:
    """A folder as an absolute path, `~` expanded."""
    return Path(environ.get(name) or default).expanduser().absolute()


def items(environ: Mapping[str, str], name: str) -> list[str]:
    """A comma-separated list without blanks."""
    return [item.strip() for item in environ.get(name, "").split(",") if item.strip()]
