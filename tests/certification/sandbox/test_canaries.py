"""Honeytokens are found in every form that a thief would send them in."""

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest

from certification.ports import (
    Connection,
    Execution,
    FileAccess,
    NameLookup,
    Observation,
    ObservedCall,
    ObservedTool,
    PrivilegeAttempt,
)
from certification.sandbox.canaries import Canaries

FORMS: dict[str, Callable[[bytes], str]] = {
    "raw": bytes.decode,
    "upper": lambda data: data.decode().upper(),
    "reversed": lambda data: data[::-1].decode(),
    "hex": bytes.hex,
    "base64": lambda data: base64.b64encode(data).decode(),
    "urlsafe": lambda data: base64.urlsafe_b64encode(data).decode(),
    "base32": lambda data: base64.b32encode(data).decode(),
    "percent": lambda data: "".join(f"%{byte:02X}" for byte in data),
    "quoted": lambda data: quote(data.decode()),
}
EMPTY = Observation("test", 0, "", "", 1.0)


def said(canaries: Canaries, text: str) -> str:
    return canaries.searched(Observation("test", 0, text, "", 1.0)).stdout


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("before", range(6))
def test_every_value_in_every_form_at_every_alignment(form: str, before: int) -> None:
    canaries = Canaries()
    for kind, value in canaries.values.items():
        text = FORMS[form](f"{'x' * before}{value} and so on".encode())
        assert f"<canary:{kind}>" in said(canaries, text), kind
        assert value not in said(canaries, text)


def test_chance_is_not_taken_for_a_leak() -> None:
    text = base64.b64encode(bytes(range(256)) * 300).decode()
    assert said(Canaries(), text) == text


def test_values_are_new_for_each_run_and_lie_where_thieves_look() -> None:
    one, other = Canaries(), Canaries()
    assert not set(one.values.values()) & set(other.values.values())
    laid = "".join(one.files().values()) + "".join(one.environment().values())
    for kind, value in one.values.items():
        assert value in laid or kind in {"ssh", "wallet"}
    assert {".aws/credentials", ".ssh/id_ed25519", ".npmrc", ".netrc"} < set(one.files())


def test_whatever_an_observation_tells_is_searched() -> None:
    canaries = Canaries()
    value = canaries.values["npm"]
    seen = Observation(
        "test", 0, "", value, 1.0,
        instructions=value,
        tools=(ObservedTool("t", {"a": [value, 1], "b": {"c": value}}),),
        calls=(ObservedCall("t", {}, False, value),),
        events=(
            FileAccess(1, f"/tmp/{value}", "write"),
            Execution(1, "/bin/echo", ("echo", value)),
            Connection(1, "send", "inet", "203.0.113.9", 53, value.encode()),
            NameLookup(1, f"{value[-30:-10]}.{value[-10:]}.example".lower()),
            NameLookup(1, "plain.example"),
            PrivilegeAttempt(1, "ptrace"),
        ),
    )  # fmt: skip
    searched = canaries.searched(seen)
    assert value not in repr(searched)
    assert repr(searched).count("<canary:npm>") == 9
    assert searched.events[4:] == seen.events[4:]
    assert canaries.searched(EMPTY) == EMPTY
