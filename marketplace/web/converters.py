"""The parts of a page's address, by the patterns of `registry.domain.identifiers`."""

from functools import cache

from django.urls import register_converter
from django.urls.converters import StringConverter

from registry.domain import identifiers


class _Namespace(StringConverter):
    regex = identifiers.NAMESPACE_PATTERN


class _Package(StringConverter):
    regex = identifiers.NAME_PATTERN


class _Version(StringConverter):
    regex = identifiers.VERSION_PATTERN


@cache
def register() -> None:
    """Make them known to `path()`; the interface for machines has its own under other names."""
    register_converter(_Namespace, "shown_namespace")
    register_converter(_Package, "shown_package")
    register_converter(_Version, "shown_version")
