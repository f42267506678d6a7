"""API tokens: shown once, stored as a hash, revocable."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from registry.domain import tokens
from registry.domain.problems import Code, ProblemError
from registry.domain.tokens import Scope
from registry.models import Token, User
from registry.services import events

#: `last_used_at` is written at most this often: a write a request would cost more than the read.
USE_NOTED_EVERY = timedelta(minutes=1)
MAX_TOKENS_EACH = 100


@transaction.atomic
def issue(
    user: User, *, name: str, scopes: Iterable[Scope], actor: User, expires_at: datetime | None
) -> tuple[Token, str]:
    """A new token of `user` and its secret, which cannot be read again; raises ProblemError."""
    wanted = sorted({scope.value for scope in scopes})
    if not name.strip() or not wanted:
        raise ProblemError(Code.INVALID, "Give the token a name and at least one scope.")
    if Token.objects.live().filter(user=user).count() >= MAX_TOKENS_EACH:
        raise ProblemError(Code.INVALID, "Too many live tokens: revoke one first.")
    secret = tokens.generate()
    token = Token.objects.create(
        user=user,
        name=name.strip()[:80],
        digest=tokens.digest(secret),
        hint=secret[:12],
        scopes=wanted,
        expires_at=expires_at,
    )
    events.record("token.issued", actor=actor, token=token.pk, owner=user.username, scopes=wanted)
    return token, secret


def authenticate(secret: str) -> Token | None:
    """The live token with that secret, or None."""
    if not tokens.well_formed(secret):
        return None
    token = Token.objects.live().select_related("user").filter(digest=tokens.digest(secret)).first()
    now = timezone.now()
    if token and (token.last_used_at is None or now - token.last_used_at > USE_NOTED_EVERY):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


@transaction.atomic
def revoke(token_id: int, *, actor: User) -> None:
    """Ends a token of `actor`'s own; raises ProblemError NOT_FOUND for anybody else's."""
    token = Token.objects.select_for_update().filter(pk=token_id, user=actor).first()
    if token is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such token.")
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        events.record("token.revoked", actor=actor, token=token.pk)
