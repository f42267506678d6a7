"""Settings of an installation that others trust: weak or missing values stop the start."""

import os
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from marketplace.settings.base import *

SECRET_KEY_CHARACTERS = 50
SECRET_KEY_DISTINCT = 16


def _require(condition: object, name: str, what_to_do: str) -> None:
    if not condition:
        raise ImproperlyConfigured(f"{name}: {what_to_do}")


_require(
    len(SECRET_KEY) >= SECRET_KEY_CHARACTERS
    and len(set(SECRET_KEY)) >= SECRET_KEY_DISTINCT
    and "insecure" not in SECRET_KEY.lower(),
    "SECRET_KEY",
    f"set at least {SECRET_KEY_CHARACTERS} random characters, for example the output of "
    "python -c 'import secrets; print(secrets.token_urlsafe(64))', and keep them secret.",
)
_require(
    os.environ.get("DEBUG", "").lower() in {"", "0", "false", "no"},
    "DEBUG",
    "unset it: this program shows no debug pages in production.",
)
_require(
    ALLOWED_HOSTS and not any(host.startswith("*") for host in ALLOWED_HOSTS),
    "ALLOWED_HOSTS",
    "list the host names that are served, separated by commas, without a wildcard for all.",
)
_require(
    urlsplit(DATABASE_URL).scheme in {"postgres", "postgresql"},
    "DATABASE_URL",
    "give a PostgreSQL address, postgresql://user:password@host:5432/assay?sslmode=verify-full.",
)
_require(
    urlsplit(BROKER_URL).scheme in {"redis", "rediss", "redis+socket", "amqp", "amqps"},
    "BROKER_URL",
    "give a Valkey, Redis or RabbitMQ address, for example rediss://:password@host:6379/0.",
)
_require(
    urlsplit(ASSAY_PUBLIC_URL).scheme == "https" and urlsplit(ASSAY_PUBLIC_URL).hostname,
    "PUBLIC_URL",
    "give the https address under which people and installers reach this marketplace.",
)
_require(
    os.environ.get("BLOB_STORE_URL"),
    "BLOB_STORE_URL",
    "give file:///absolute/folder on durable, shared storage, or s3://bucket?endpoint=URL.",
)

STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
# The orchestrator asks for these by plain HTTP, past the proxy.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
