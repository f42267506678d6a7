"""Path parameters that match legal identifiers only, so that views are never asked for others."""

from django.urls.converters import StringConverter, register_converter

from registry.domain import identifiers


class NamespaceConverter(StringConverter):
    regex = identifiers.NAMESPACE_PATTERN


class NameConverter(StringConverter):
    regex = identifiers.NAME_PATTERN


class VersionConverter(StringConverter):
    regex = identifiers.VERSION_PATTERN


class DigestConverter(StringConverter):
    regex = identifiers.DIGEST_PATTERN


class KeyConverter:
    """A row's number; no row has one that a bigint cannot hold."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


def register() -> None:
    """Make the converters known to `path()`."""
    register_converter(NamespaceConverter, "namespace")
    register_converter(NameConverter, "package")
    register_converter(VersionConverter, "version")
    register_converter(DigestConverter, "digest")
    register_converter(KeyConverter, "key")
