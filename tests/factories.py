"""Things to test with, made by the real services, so that they are as they would be."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from certification import policy, reports
from certification.models import Certificate, Certification
from certification.services import certifying
from certification.types import CheckReport, Decision, Outcome, Report, Verdict
from marketplace.services import projecting
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format, PackageName
from registry.domain.states import State
from registry.domain.tokens import Scope
from registry.domain.uploads import PART_BYTES, Announced
from registry.models import (
    Namespace,
    Organisation,
    OrganisationRole,
    Package,
    StaffRole,
    Upload,
    User,
    Version,
)
from registry.services import accounts, lifecycle, publishing, tokens, uploading

FILES = {"README.md": b"# Weather\n", "server.py": b"print('sunny')\n"}
PATHS_TO: dict[State, tuple[State, ...]] = {
    State.SUBMITTED: (),
    State.CERTIFYING: (State.CERTIFYING,),
    State.IN_REVIEW: (State.CERTIFYING, State.IN_REVIEW),
    State.REJECTED: (State.CERTIFYING, State.REJECTED),
    State.WITHDRAWN: (State.WITHDRAWN,),
    State.APPROVED: (State.CERTIFYING, State.APPROVED),
    State.QUARANTINED: (State.CERTIFYING, State.APPROVED, State.QUARANTINED),
    State.REVOKED: (State.CERTIFYING, State.APPROVED, State.REVOKED),
}
CERTIFIED = frozenset({State.APPROVED, State.QUARANTINED, State.REVOKED})


def sha256(data: bytes) -> str:
    """sha256:<hex>."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def make_user(username: str = "uma", *, staff: StaffRole = StaffRole.NONE) -> User:
    """A person who signs in with the password `a-long-password`, found again by name."""
    found = User.objects.filter(username=username).first()
    return found or User.objects.create_user(
        username=username,
        email=f"{username}@example.org",
        password="a-long-password",
        staff_role=staff,
    )


def make_publisher(username: str = "pat", namespace: str = "acme") -> User:
    """A person who may publish to `namespace`, which their own organisation owns."""
    person = make_user(username)
    make_namespace(namespace, organisation=make_organisation(namespace, owner=person))
    return person


def make_organisation(slug: str = "acme", *, owner: User | None = None) -> Organisation:
    """An organisation with an owner, found again under the same slug."""
    found = Organisation.objects.filter(slug=slug).first()
    return found or accounts.create_organisation(
        slug=slug, name=slug.title(), actor=owner or make_user(f"{slug}-owner")
    )


def make_namespace(name: str = "acme", *, organisation: Organisation | None = None) -> Namespace:
    """A namespace of the organisation of the same name, found again."""
    found = Namespace.objects.filter(name=name).first()
    if found is not None:
        return found
    owning = organisation or make_organisation(name)
    return accounts.claim_namespace(owning, name, actor=owner_of(owning), verified=True)


def owner_of(organisation: Organisation) -> User:
    """Its first owner."""
    return User.objects.get(
        memberships__organisation=organisation, memberships__role=OrganisationRole.OWNER
    )


def join(user: User, organisation: Organisation, role: OrganisationRole) -> User:
    """The user, now with that role."""
    accounts.set_role(organisation, user, role=role, actor=owner_of(organisation))
    return user


def make_secret(user: User, *scopes: Scope) -> str:
    """The secret of a new token with these scopes, or with all."""
    _, secret = tokens.issue(
        user, name="test", scopes=scopes or tuple(Scope), actor=user, expires_at=None
    )
    return secret


def make_upload(owner: User, files: Mapping[str, bytes] = FILES) -> Upload:
    """An upload with all of its parts in."""
    announced = [Announced(path, len(data), sha256(data)) for path, data in files.items()]
    upload = uploading.announce(announced, actor=owner)
    for file in upload.files.all():
        data = files[file.path]
        for number, start in enumerate(range(0, len(data), PART_BYTES), start=1):
            part = data[start : start + PART_BYTES]
            uploading.put_part(file, number, chunks=[part], digest=sha256(part))
    return upload


def make_package(name: str = "acme/weather", *, format: Format = Format.MCP_SERVER) -> Package:  # noqa: A002 — the field of that name
    """A package without versions, found again."""
    namespace, _, own = name.partition("/")
    package, _ = Package.objects.get_or_create(
        namespace=make_namespace(namespace),
        name=own,
        defaults={"kind": format.kind.value, "format": format.value},
    )
    return package


def make_version(
    name: str = "acme/weather",
    version: str = "1.0.0",
    *,
    state: State = State.SUBMITTED,
    files: Mapping[str, bytes] = FILES,
    descriptor: Descriptor | None = None,
    publisher: User | None = None,
) -> Version:
    """A version that was uploaded, submitted and moved on to that state, step by step."""
    namespace, _, own = name.partition("/")
    actor = publisher or owner_of(make_namespace(namespace).organisation)
    upload = uploading.assemble(make_upload(actor, files).pk, actor=actor)
    submitted = publishing.submit(
        upload.pk,
        name=PackageName(namespace, own),
        version=version,
        descriptor=descriptor or Descriptor(Format.MCP_SERVER, title=own.title(), summary="Sun."),
        actor=actor,
    )
    for step in PATHS_TO[state]:
        if step is State.APPROVED:
            make_certificate(submitted)
        elif step is State.CERTIFYING:
            certifying.request(submitted.pk, actor=actor)
            continue
        lifecycle.move(submitted.pk, step, actor=None, reason="because of a test")
    if state in CERTIFIED:
        projecting.project(submitted.package_id)
    return Version.objects.with_names().get(pk=submitted.pk)


def make_approved_version(
    name: str = "acme/weather", version: str = "1.0.0", **more: object
) -> Version:
    """A certified version with its certificate, shown in the catalogue."""
    return make_version(name, version, state=State.APPROVED, **more)  # type: ignore[arg-type]


def make_certificate(version: Version, *, timestamp: bytes = b"at noon") -> Certificate:
    """A certificate in the shape of a real one; its bundle is not signed by anybody."""
    certification = Certification.objects.get(version=version)
    report = Report(version.digest, (CheckReport("secrets", 1, Outcome.PASSED),))
    verdict = Verdict(Decision.APPROVE, ("Every applicable check passed.",), policy.POLICY)
    certification.report = reports.canonical(report, verdict)
    certification.report_digest = sha256(certification.report)
    certification.decision = verdict.decision.value
    certification.policy = verdict.policy
    certification.judged_at = timezone.now()
    certification.save()
    manifest = json.dumps({"name": str(version.package), "version": version.version}).encode()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://slsa.dev/verification_summary/v1",
    }
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    bundle = {"dsseEnvelope": {"payload": payload, "payloadType": "application/vnd.in-toto+json"}}
    return Certificate.objects.create(
        version=version,
        certification=certification,
        manifest=manifest,
        manifest_digest=sha256(manifest),
        bundle=json.dumps(bundle).encode(),
        timestamp=timestamp,
        log_index=7,
        expires_at=timezone.now() + timedelta(days=365),
    )
