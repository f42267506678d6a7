"""Local mode only: people to sign in as, and the examples, published as anybody would."""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from marketplace.services import publishing
from registry.blobs import read_chunks
from registry.domain.problems import Code, ProblemError
from registry.domain.tokens import Scope
from registry.domain.uploads import PART_BYTES, Announced, part_count
from registry.models import Namespace, Organisation, OrganisationRole, StaffRole, User, Version
from registry.services import accounts, tokens, uploading

EXAMPLES = settings.BASE_DIR / "examples"
PUBLISHING = "examples"
CONSUMING = "northbank"


@dataclass(frozen=True, slots=True)
class Person:
    """Who a local installation starts with: a sign-in, and a token where `scopes` asks for one."""

    role: str
    organisation: str = ""
    membership: OrganisationRole | None = None
    staff: StaffRole = StaffRole.NONE
    scopes: tuple[Scope, ...] = ()


PEOPLE = (
    Person(
        "publisher",
        PUBLISHING,
        OrganisationRole.PUBLISHER,
        scopes=(Scope.READ, Scope.PUBLISH, Scope.INSTALL),
    ),
    Person("admin", PUBLISHING, OrganisationRole.OWNER),
    Person("buyer", CONSUMING, OrganisationRole.MEMBER),
    Person("installer", CONSUMING, OrganisationRole.MEMBER, scopes=(Scope.READ, Scope.INSTALL)),
    Person("reviewer", staff=StaffRole.REVIEWER, scopes=(Scope.READ, Scope.REVIEW)),
    Person("auditor", staff=StaffRole.AUDITOR, scopes=(Scope.READ,)),
)


def seed_identity(credentials: Path, *, url: str) -> dict[str, object]:
    """Create the people that are missing and write `credentials` (mode 0600): {"url", "users",
    "tokens"}. A second call keeps everyone and returns what the file says."""
    known = json.loads(credentials.read_text()) if credentials.exists() else {}
    if known and all(User.objects.filter(username=p.role).exists() for p in PEOPLE):
        document: dict[str, object] = {**known, "url": url}
    else:
        document = {"url": url, **_create_people()}
    _write_private(credentials, json.dumps(document, indent=2) + "\n")
    return document


def publish_examples() -> Iterator[tuple[str, Version | None, str]]:
    """Publish each example that is not there yet: (name, version or None, what happened)."""
    publisher = User.objects.get(username="publisher")
    for folder in sorted(path for path in EXAMPLES.glob("*/*") if path.is_dir()):
        try:
            version = publish_folder(folder, actor=publisher)
        except ProblemError as fault:
            known = fault.code is Code.VERSION_EXISTS
            yield folder.name, None, "is published already" if known else fault.detail
        else:
            yield folder.name, version, "is submitted"


def publish_folder(folder: Path, *, actor: User) -> Version:
    """Upload a folder's files in parts and publish them; raises ProblemError."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    upload = uploading.announce([_announced(path, folder) for path in paths], actor=actor)
    for file in upload.files.all():
        with (folder / file.path).open("rb") as source:
            for number in range(1, part_count(file.size) + 1):
                part = source.read(PART_BYTES)
                digest = "sha256:" + hashlib.sha256(part).hexdigest()
                uploading.put_part(file, number, chunks=[part], digest=digest)
    try:
        return publishing.publish(upload.pk, actor=actor)
    except ProblemError:
        uploading.abort(upload.pk, actor=actor)
        raise


def _announced(path: Path, folder: Path) -> Announced:
    hasher = hashlib.sha256()
    with path.open("rb") as source:
        for chunk in read_chunks(source):
            hasher.update(chunk)
    return Announced(
        path.relative_to(folder).as_posix(), path.stat().st_size, f"sha256:{hasher.hexdigest()}"
    )


@transaction.atomic
def _create_people() -> dict[str, object]:
    users, secrets_by_role = [], {}
    for person in PEOPLE:
        password = secrets.token_urlsafe(15)
        user, _ = User.objects.get_or_create(
            username=person.role, defaults={"email": f"{person.role}@assay.invalid"}
        )
        user.staff_role = person.staff
        user.set_password(password)
        user.save()
        users.append({"role": person.role, "username": user.username, "password": password})
        if person.membership is not None:
            accounts.set_role(
                _organisation(person.organisation, user),
                user,
                role=person.membership,
                actor=user,
            )
        if person.scopes:
            _, secret = tokens.issue(
                user, name="local", scopes=person.scopes, actor=user, expires_at=None
            )
            secrets_by_role[person.role] = secret
    examples = Organisation.objects.get(slug=PUBLISHING)
    if not Namespace.objects.filter(name=PUBLISHING).exists():
        owner = User.objects.get(username="admin")
        accounts.claim_namespace(examples, PUBLISHING, actor=owner, verified=True)
    return {"users": users, "tokens": secrets_by_role}


def _organisation(slug: str, founder: User) -> Organisation:
    found = Organisation.objects.filter(slug=slug).first()
    return found or accounts.create_organisation(slug=slug, name=slug.title(), actor=founder)


def _write_private(path: Path, text: str) -> None:
    """Replace the file in one step; never readable by others, not even for a moment."""
    staged = path.with_suffix(".new")
    staged.unlink(missing_ok=True)
    with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        target.write(text)
    staged.replace(path)
