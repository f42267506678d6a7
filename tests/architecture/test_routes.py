"""Who gets what at every address, walked from the URL patterns themselves.

The world holds one package with one version, which is in review. Whoever is refused is told the
same as for what does not exist.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from registry.domain.states import State
from registry.models import OrganisationRole, StaffRole, Token
from tests import factories

pytestmark = pytest.mark.django_db

ROLES = ("nobody", "outsider", "member", "publisher", "reviewer", "auditor")
METHODS = ("get", "post", "put", "delete")
NOT_OURS = frozenset({"accounts/"})

#: API: route and method -> statuses for ROLES. A 400 says: allowed, but the body is empty.
API = {
    "healthz get": "200 200 200 200 200 200",
    "readyz get": "200 200 200 200 200 200",
    "api:uploads get": "401 200 200 200 200 200",
    "api:uploads post": "401 400 400 400 400 400",
    "api:upload get": "401 404 404 200 404 404",
    "api:upload delete": "401 404 404 204 404 404",
    "api:part put": "401 404 404 400 404 404",
    "api:inspect post": "401 404 404 200 404 404",
    "api:publish post": "401 404 404 400 404 404",
    "api:packages get": "200 200 200 200 200 200",
    "api:search get": "200 200 200 200 200 200",
    "api:resolve post": "400 400 400 400 400 400",
    "api:revocations get": "200 200 200 200 200 200",
    "api:package get": "404 404 200 200 200 200",
    "api:version get": "404 404 200 200 200 200",
    "api:manifest get": "404 404 404 404 404 404",
    "api:attestations get": "404 404 404 404 404 404",
    "api:certificate get": "404 404 404 404 404 404",
    "api:timestamp get": "404 404 404 404 404 404",
    "api:sbom get": "404 404 404 404 404 404",
    "api:advisories get": "404 404 200 200 200 200",
    "api:report get": "404 404 404 404 404 404",
    "api:file get": "404 404 200 200 200 200",
    "api:blob get": "404 404 200 200 200 200",
    "api:review post": "401 404 404 404 400 404",
    "api:revoke post": "401 404 404 404 400 404",
    "api:quarantine post": "401 404 404 404 400 404",
    "api:release post": "401 404 404 404 400 404",
    "api:yank post": "401 404 404 400 404 404",
    "api:unyank post": "401 404 404 409 404 404",
    "api:withdraw post": "401 404 404 200 404 404",
    "api:certification get": "404 404 200 200 200 200",
    "api:me get": "401 200 200 200 200 200",
    "api:namespaces get": "401 200 200 200 200 200",
    "api:tokens get": "401 200 200 200 200 200",
    "api:tokens post": "401 400 400 400 400 400",
    "api:token delete": "401 404 404 204 404 404",
    "api:events get": "401 404 404 404 200 200",
    "api:schema get": "200 200 200 200 200 200",
    "api:docs get": "200 200 200 200 200 200",
    "api:unknown get": "404 404 404 404 404 404",
    "api-unknown get": "404 404 404 404 404 404",
}
#: Patterns that take every address: one of each.
CATCH_ALL = {"api:unknown": "/api/v1/nothing", "api-unknown": "/api/v2/packages/"}
#: Insiders, who may see the version, are told that it has no such document yet.
NOT_YET = frozenset(
    {
        "api:manifest",
        "api:attestations",
        "api:certificate",
        "api:timestamp",
        "api:report",
        "api:sbom",
    }
)
OUTSIDERS = frozenset({"nobody", "outsider"})
#: They need the signing authority, and know no roles.
TRUST = frozenset({"trusted-root", "trust-config", "trust-identity"})

#: Pages: namespace of the face -> role -> statuses of a page about the version in review.
HIDDEN = frozenset({404, 405})
SIGN_IN = frozenset({302, 404, 405})
SHOWN = frozenset({200, 302, 303, 400, 404, 405, 409, 422})
PAGES: dict[str, dict[str, frozenset[int]]] = {
    "storefront": dict.fromkeys(ROLES[:2], HIDDEN) | dict.fromkeys(ROLES[2:], SHOWN),
    "portal": {"nobody": SIGN_IN} | {"outsider": SIGN_IN} | dict.fromkeys(ROLES[2:], SHOWN),
    "review": {"nobody": SIGN_IN}
    | dict.fromkeys(ROLES[1:4], HIDDEN)
    | dict.fromkeys(ROLES[4:], SHOWN),
}
#: A console has no page that is about nothing: all of it is for its staff.
STAFF_ONLY = frozenset({"review"})


@dataclass
class Route:
    """A named pattern, with the names of its parameters."""

    name: str
    pattern: URLPattern
    parameters: tuple[str, ...]

    @property
    def face(self) -> str:
        return self.name.partition(":")[0]

    @property
    def methods(self) -> tuple[str, ...]:
        view = getattr(self.pattern.callback, "cls", None)
        if view is None or view.__name__ == "Unknown":
            return ("get",) if self.face not in PAGES else ("get", "post")
        return tuple(method for method in METHODS if hasattr(view, method))

    def address(self, values: dict[str, Any]) -> str:
        if self.name in CATCH_ALL:
            return CATCH_ALL[self.name]
        return reverse(self.name, kwargs={name: values[name] for name in self.parameters})


def walk(
    patterns: list[Any], namespace: str = "", inherited: tuple[str, ...] = ()
) -> Iterator[Route]:
    for pattern in patterns:
        parameters = (*inherited, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            if str(pattern.pattern) not in NOT_OURS:
                inner = ":".join(filter(None, (namespace, pattern.namespace)))
                yield from walk(pattern.url_patterns, inner, parameters)
        else:
            assert pattern.name, f"{pattern} needs a name"
            name = ":".join(filter(None, (namespace, pattern.name)))
            yield Route(name, pattern, parameters)


ROUTES = list(walk(get_resolver().url_patterns))
OURS = [route for route in ROUTES if route.name not in TRUST]


@dataclass
class World:
    """A client for each role, and the parameters of addresses that exist and that do not."""

    clients: dict[str, Client]
    there: dict[str, Any]
    absent: dict[str, Any] = field(
        default_factory=lambda: {
            "namespace": "ghost",
            "name": "ghost",
            "version": "9.9.9",
            "path": "ghost",
            "digest": "sha256:" + "9" * 64,
            "upload_id": UUID(int=9),
            "file_id": 999999999,
            "part": 1,
            "number": "9.9.9",
            "tab": "versions",
            "verb": "revoke",
            "certification_id": 999999999,
            "token_id": 999999999,
            "version_id": 999999999,
            "slug": "ghost",
        }
    )


@pytest.fixture
def world(db: None, valkey: str) -> World:
    version = factories.make_version("acme/weather", "1.0.0", state=State.IN_REVIEW)
    organisation = version.package.namespace.organisation
    people = {
        "outsider": factories.make_user("outsider"),
        "member": factories.join(
            factories.make_user("member"), organisation, OrganisationRole.MEMBER
        ),
        "publisher": factories.join(
            factories.make_user("publisher"), organisation, OrganisationRole.PUBLISHER
        ),
        "reviewer": factories.make_user("reviewer", staff=StaffRole.REVIEWER),
        "auditor": factories.make_user("auditor", staff=StaffRole.AUDITOR),
    }
    clients = {role: Client(raise_request_exception=False) for role in ROLES}
    for role, person in people.items():
        clients[role].force_login(person)
    factories.make_secret(people["publisher"])
    upload = factories.make_upload(people["publisher"])
    there = {
        "namespace": "acme",
        "name": "weather",
        "version": "1.0.0",
        "path": "README.md",
        "digest": factories.sha256(factories.FILES["README.md"]),
        "upload_id": upload.pk,
        "file_id": upload.files.get(path="README.md").pk,
        "part": 1,
        "number": "1.0.0",
        "tab": "versions",
        "verb": "revoke",
        "certification_id": version.certifications.get().pk,
        "token_id": Token.objects.get().pk,
        "version_id": version.pk,
        "slug": organisation.slug,
    }
    return World(clients, there)


def ask(world: World, role: str, route: Route, method: str, values: dict[str, Any]) -> Any:
    """The answer, of which the database keeps nothing."""
    with transaction.atomic():
        sender = getattr(world.clients[role], method)
        body = (
            {} if method == "get" or route.face in PAGES else {"content_type": "application/json"}
        )
        response = sender(route.address(values), **body)
        if response.streaming:
            response.getvalue()
        transaction.set_rollback(True)
    return response


def told(response: Any, route: Route, values: dict[str, Any]) -> str:
    """What the visitor learns, without the names they asked with and one-time tokens."""
    text = f"{response.status_code} {response.get('Location', '')}\n"
    text += "" if response.streaming else response.content.decode()
    for value in {str(values[name]) for name in route.parameters}:
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "<>", text)
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "<token>", text)


def refused(answer: Any) -> bool:
    """Whether the visitor was turned away, rather than sent on after something was done."""
    to_sign_in = answer.get("Location", "").startswith(reverse(settings.LOGIN_URL))
    return answer.status_code in {401, 403, 404} or to_sign_in


def allowed(route: Route, method: str, role: str) -> frozenset[int]:
    """The statuses that role may see there."""
    if route.face in PAGES:
        about_something = route.parameters or route.face in STAFF_ONLY
        return PAGES[route.face][role] if about_something else SHOWN
    return frozenset({int(API[f"{route.name} {method}"].split()[ROLES.index(role)])})


def test_the_table_names_every_route_of_the_api_and_no_other():
    found = {
        f"{route.name} {method}"
        for route in OURS
        if route.face not in PAGES
        for method in route.methods
    }
    assert found == set(API)


def test_the_world_has_a_value_for_every_parameter(world):
    for route in ROUTES:
        missing = set(route.parameters) - set(world.there)
        assert not missing, f"{route.name} has parameters this test knows no value of: {missing}"
        try:
            route.address(world.there)
        except NoReverseMatch:
            pytest.fail(f"{route.name} cannot be reached with the values of this test")


@pytest.mark.parametrize("route", OURS, ids=lambda route: route.name)
def test_everybody_gets_what_they_may_and_the_refused_learn_nothing(world, route):
    for method in route.methods:
        for role in ROLES:
            answer = ask(world, role, route, method, world.there)
            where = f"{method} {route.address(world.there)} as {role}: {answer.status_code}"
            assert answer.status_code in allowed(route, method, role), where
            told_nothing = role in OUTSIDERS or (refused(answer) and route.name not in NOT_YET)
            if route.parameters and told_nothing:
                absent = ask(world, role, route, method, world.absent)
                assert told(answer, route, world.there) == told(absent, route, world.absent), where


def test_redirects_to_sign_in_go_to_the_sign_in_page(world):
    for route in OURS:
        if route.face in PAGES and route.face != "storefront":
            answer = ask(world, "nobody", route, "get", world.there)
            if answer.status_code == 302:
                assert answer["Location"].startswith(reverse(settings.LOGIN_URL)), route.name
