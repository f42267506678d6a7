"""The log in Postgres: one order, nothing taken back, and nothing changed unnoticed."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import DatabaseError, connection, transaction

from certification.models import LogEntry, LogNode
from certification.signing import log, merkle
from certification.signing.authority import key_id

KEY = ec.generate_private_key(ec.SECP256R1())
ORIGIN = "assay.example.org/trust/log"

pytestmark = pytest.mark.django_db


def append(body=b"{}"):
    return log.append(body, key=KEY, origin=ORIGIN)


def test_a_new_log_is_empty_and_sound():
    assert log.size() == 0
    assert log.root_of(0) == merkle.root_hash(0, lambda level, index: b"")
    assert list(log.faults()) == []


def test_an_entry_is_found_again_with_its_proof():
    first = append(b"one")
    for body in (b"two", b"three", b"four"):
        append(body)
    assert bytes(log.entry(first.index).body) == b"one"
    assert log.inclusion(first.index, first.size) == first.path
    assert len(log.inclusion(first.index, log.size())) == 3
    with pytest.raises(LogEntry.DoesNotExist):
        log.entry(5)
    for index, size in ((5, 5), (0, 6)):
        with pytest.raises(ValueError, match=r"not in a tree|no 6 entries"):
            log.inclusion(index, size)


def test_the_checkpoint_is_a_signed_note_over_the_head():
    logged = append()
    text, _, signatures = logged.checkpoint.partition("\n\n")
    assert text.split("\n") == [ORIGIN, "2", base64.b64encode(log.root_of(2)).decode()]
    dash, name, line = signatures.split()
    signature = base64.b64decode(line)
    assert (dash, name) == ("\u2014", ORIGIN)
    assert signature[:4] == key_id(KEY.public_key())[:4]
    KEY.public_key().verify(signature[4:], f"{text}\n".encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("model", [LogEntry, LogNode])
@pytest.mark.parametrize("act", [lambda rows: rows.delete(), lambda rows: rows.update(index=9)])
def test_nothing_is_changed_or_taken_back(model, act):
    append()
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        act(model.objects.filter(index=1))
    assert log.size() == 2


TAMPERING = {
    "hashes over entry 2": "UPDATE certification_logentry SET body = '' WHERE index = 2",
    "entry 3 is missing": "DELETE FROM certification_logentry WHERE index = 3",
    "hashes over entry 1": "UPDATE certification_lognode SET hash = '' WHERE level = 1",
    "hashes over entry 5": "DELETE FROM certification_lognode WHERE (level, index) = (1, 2)",
    "others are stored": "INSERT INTO certification_lognode (level, index, hash) SELECT 7, 7, ''",
}


@pytest.mark.parametrize("fault", TAMPERING)
def test_what_an_administrator_changes_behind_the_triggers_is_found(fault):
    for number in range(6):
        append(str(number).encode())
    assert list(log.faults()) == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(TAMPERING[fault])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert fault in " ".join(log.faults())


@pytest.mark.django_db(transaction=True)
def test_appends_at_the_same_time_take_turns():
    def one(number):
        try:
            return append(str(number).encode()).index
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        indexes = list(pool.map(one, range(24)))
    assert sorted(indexes) == list(range(1, 25))
    assert list(log.faults()) == []


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_the_transaction_that_made_it():
    @transaction.atomic
    def lose():
        append(b"lost")
        raise RuntimeError

    append(b"kept")
    with pytest.raises(RuntimeError):
        lose()
    assert append(b"next").index == 2
    assert list(log.faults()) == []
