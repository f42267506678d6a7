"""The life of a version: the one table of legal steps, which the database enforces too."""

from enum import StrEnum


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    CERTIFYING = "certifying"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    QUARANTINED = "quarantined"
    REVOKED = "revoked"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SUBMITTED, State.WITHDRAWN}),
    State.SUBMITTED: frozenset({State.CERTIFYING, State.WITHDRAWN}),
    State.CERTIFYING: frozenset({State.IN_REVIEW, State.APPROVED, State.REJECTED, State.WITHDRAWN}),
    State.IN_REVIEW: frozenset({State.APPROVED, State.REJECTED, State.WITHDRAWN}),
    State.APPROVED: frozenset({State.QUARANTINED, State.REVOKED}),
    State.QUARANTINED: frozenset({State.APPROVED, State.REVOKED}),
    State.REVOKED: frozenset(),
    State.REJECTED: frozenset(),
    State.WITHDRAWN: frozenset(),
}

#: States in which a consumer may see, resolve and download a version.
PUBLIC = frozenset({State.APPROVED})
#: States in which the pipeline still owes an answer.
PENDING = frozenset({State.SUBMITTED, State.CERTIFYING})


def may_move(old: State, new: State) -> bool:
    """Whether the life of a version allows the step from `old` to `new`."""
    return new in TRANSITIONS[old]
