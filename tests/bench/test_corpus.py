import json

from bench import corpus
from bench.corpus import Item, bases_of, items_of, judged, scores
from bench.peers import PEERS, Answer, Opinion, arguments, ask, installed

FLAGS = frozenset({Opinion.DOUBT, Opinion.BAD})


def skill(path, label, name):
    return Item(path, label, "skill", name, "https://a.example")


ITEMS = [
    skill("clean/git", "benign", "git"),
    skill("clean/git-flow", "benign", "git-flow"),
    skill("bad/1", "malicious", "obvious-7-git"),
    skill("bad/2", "malicious", "obvious-8-git-flow"),
    skill("bad/3", "malicious", "alone"),
    Item("p/1", "malicious", "pickle", "a", ""),
    Item("p/2", "benign", "pickle", "b", ""),
    Item("p/3", "gray", "pickle", "c", ""),
]


def test_an_injected_skill_is_paired_with_the_longest_name_that_fits():
    assert bases_of(ITEMS) == {"bad/1": "clean/git", "bad/2": "clean/git-flow"}


def test_a_hit_counts_only_if_its_clean_base_is_not_flagged():
    opinions = dict.fromkeys((item.path for item in ITEMS), Opinion.CLEAN)
    opinions |= {"bad/1": Opinion.BAD, "bad/2": Opinion.BAD, "bad/3": Opinion.DOUBT}
    opinions |= {"clean/git": Opinion.DOUBT, "p/1": Opinion.SILENT, "p/3": Opinion.BAD}
    pickle, skills = (score.row() for score in scores(ITEMS, "x", opinions, FLAGS))
    assert (pickle["malicious"], pickle["benign"], pickle["silent"]) == (1, 1, 1)
    assert (pickle["recall"], pickle["precision"]) == (0.0, None)
    assert (skills["recall"], skills["recall refused"]) == (0.667, 0.333)
    assert (skills["false positives"], skills["false refusals"]) == (0.5, 0.0)
    assert skills["precision"] == 0.667


def test_a_corpus_is_read_and_judged(tmp_path):
    (tmp_path / "m.pkl").write_bytes(b"cos\nsystem\n(S'id'\ntR.")
    (tmp_path / "n.pkl").write_bytes(b"\x80\x02K\x01.")
    manifest = [
        {"path": "m.pkl", "label": "malicious", "kind": "pickle"},
        {"path": "n.pkl", "label": "benign", "kind": "model:pickle", "upstream_path": "x/y"},
    ]
    (tmp_path / "MANIFEST.json").write_text(json.dumps(manifest))
    items = items_of(tmp_path)
    assert [(item.family, item.name) for item in items] == [
        ("pickle", "m.pkl"),
        ("real models", "y"),
    ]
    assert judged(tmp_path, items) == {"m.pkl": Opinion.BAD, "n.pkl": Opinion.CLEAN}


def test_peers_are_asked_by_their_command_line(tmp_path, monkeypatch):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, code in (("hayward", "exit 1"), ("modelscan", "exit 2"), ("modelaudit", "sleep 9")):
        (programs / name).write_text(f"#!/bin/sh\n{code}\n")
        (programs / name).chmod(0o755)
    found = {peer.name: peer for peer in installed(tmp_path)}
    assert set(found) == {"hayward", "modelscan", "modelaudit"}
    assert arguments(found["hayward"], tmp_path, tmp_path)[-1] == str(tmp_path)
    assert ask(found["hayward"], tmp_path, tmp_path) is Opinion.BAD
    monkeypatch.setattr("bench.peers.TIMEOUT_SECONDS", 0.1)
    assert ask(found["modelaudit"], tmp_path, tmp_path) is Opinion.SILENT
    monkeypatch.setattr("bench.peers.TIMEOUT_SECONDS", 10.0)
    opinions = corpus.asked(found["modelscan"], tmp_path, tmp_path, ITEMS)
    assert opinions == {f"p/{n}": Opinion.SILENT for n in (1, 2, 3)}


def test_what_peers_say_is_read_as_they_mean_it():
    peers = {peer.name: peer.opinion for peer in PEERS}
    assert peers["picklescan"](Answer(2, "Infected files: 1")) is Opinion.BAD
    assert peers["picklescan"](Answer(2, "ERROR")) is Opinion.SILENT
    assert peers["picklescan"](Answer(0, "Scanned files: 1\nInfected files: 0")) is Opinion.CLEAN
    assert peers["modelaudit"](Answer(1, '{"issues": [{"severity": "critical"}]}')) is Opinion.BAD
    assert peers["modelaudit"](Answer(1, '{"issues": [{"severity": "info"}]}')) is Opinion.CLEAN
    assert peers["modelaudit"](Answer(2, '{"issues": []}')) is Opinion.SILENT
    assert peers["modelaudit"](Answer(0, "?")) is Opinion.SILENT
