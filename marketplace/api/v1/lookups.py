"""From an address to a version. What may not be seen and what is not there are one answer."""

from dataclasses import dataclass

from rest_framework.request import Request

from marketplace.services import catalogue
from registry.domain.problems import Code, ProblemError
from registry.models import Version


@dataclass(frozen=True, slots=True)
class Address:
    """Which version the path names: the keyword arguments of a view."""

    namespace: str
    name: str
    version: str


def visible(request: Request, address: Address) -> Version:
    """The version, if this visitor may see it; raises ProblemError NOT_FOUND."""
    return catalogue.version_for(request.user, address.namespace, address.name, address.version)


def permitted(request: Request, address: Address, permission: str) -> Version:
    """The version, if this visitor may also do that to it; raises the same NOT_FOUND."""
    version = visible(request, address)
    if not request.user.has_perm(permission, version):
        raise ProblemError(
            Code.NOT_FOUND,
            f"There is no version {address.version} of {address.namespace}/{address.name}.",
        )
    return version
