import pytest

from registry.domain.states import PENDING, PUBLIC, TRANSITIONS, State, may_move


def test_every_state_has_a_row():
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize("state", [State.REVOKED, State.REJECTED, State.WITHDRAWN])
def test_ends_are_final(state):
    assert TRANSITIONS[state] == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "legal"),
    [
        (State.DRAFT, State.SUBMITTED, True),
        (State.DRAFT, State.APPROVED, False),
        (State.SUBMITTED, State.APPROVED, False),
        (State.CERTIFYING, State.APPROVED, True),
        (State.IN_REVIEW, State.APPROVED, True),
        (State.APPROVED, State.QUARANTINED, True),
        (State.QUARANTINED, State.APPROVED, True),
        (State.APPROVED, State.WITHDRAWN, False),
        (State.REVOKED, State.APPROVED, False),
        (State.REJECTED, State.IN_REVIEW, False),
    ],
)
def test_steps(old, new, legal):
    assert may_move(old, new) is legal


def test_nothing_pending_is_public():
    assert not PUBLIC & PENDING
