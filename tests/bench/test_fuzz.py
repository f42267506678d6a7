from dataclasses import replace

import pytest

from bench import fuzz
from bench.mutation import mutated
from bench.samples import samples
from certification.types import Check, Result, Stage

SEEDS = {"a.md": b"hello", "b.zip": b"PK\x03\x04"}
CHECK = Check("a", 1, Stage.SCAN, "A", (), lambda subject: True, lambda subject, tools: Result())


def faults(monkeypatch, run):
    monkeypatch.setattr(fuzz, "CHECKS", (replace(CHECK, run=run),))
    monkeypatch.setattr(fuzz, "SECONDS", 0.2)
    return [(fault.number, fault.kind) for fault in fuzz.fuzzed(SEEDS, 1, range(3))]


def test_a_number_makes_the_same_input_again():
    first = [mutated(SEEDS, 1, number) for number in range(50)]
    assert first == [mutated(SEEDS, 1, number) for number in range(50)]
    assert first != [mutated(SEEDS, 2, number) for number in range(50)]
    assert {name for name, _ in first} == set(SEEDS)


def test_every_sample_is_there_and_small():
    found = samples()
    assert {"model.pt", "SKILL.md", "package-lock.json", ".mcp.json"} <= found.keys()
    assert all(found.values())


def test_crashes_are_found(monkeypatch):
    def crash(subject, tools):
        raise KeyError("boom")

    assert sorted(faults(monkeypatch, crash)) == [(n, "crash") for n in range(3)]


def test_hangs_are_found(monkeypatch):
    def hang(subject, tools):
        if any(file.path == "b.zip" for file in subject.files) or subject.archive:
            while True:
                pass
        return Result()

    assert faults(monkeypatch, hang) == [(1, "hang")]


def test_a_worker_that_dies_is_replaced(monkeypatch):
    def die(subject, tools):
        if not subject.archive and subject.files[0].path == "a.md":
            raise SystemExit(3)
        return Result()

    assert sorted(faults(monkeypatch, die)) == [(0, "crash"), (2, "crash")]


def test_nothing_is_found_where_nothing_is_wrong(monkeypatch):
    assert faults(monkeypatch, lambda subject, tools: Result()) == []


@pytest.mark.parametrize("number", [0, 1])
def test_what_did_harm_is_kept(tmp_path, number):
    fault = fuzz.Fault(number, "x", "crash", "y")
    fuzz._keep(tmp_path, SEEDS, 1, fault)
    (kept,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (kept.name, kept.read_bytes()) == mutated(SEEDS, 1, number)
