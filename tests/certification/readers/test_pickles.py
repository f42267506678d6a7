import struct

import pytest

from certification.readers import pickle_opcodes, pickles
from certification.readers.pickle_opcodes import MalformedError, decode
from certification.readers.pickle_trace import Mapping
from certification.readers.pickles import trace
from tests.certification.readers import pickle_assembler as asm


def names(stream: bytes) -> list[str]:
    return [str(g) for g in trace(stream).globals]


def kinds(stream: bytes) -> set[str]:
    return {p.kind for p in trace(stream).problems}


@pytest.mark.parametrize(
    "stream",
    [
        asm.proto(2) + asm.call("os", "system", asm.text("id")) + b".",
        asm.evil(),
        b"(S'id'\nios\nsystem\n.",
        b"(cos\nsystem\nS'id'\no.",
        b"(Vid\nlp0\n0cos\nsystem\n)\x81.",
        asm.proto() + asm.imported("os", "system") + b"})\x92.".replace(b"})", b")}"),
        b"X\x02\x00\x00\x00osq\x000U\x06systemq\x010h\x00h\x01\x93)R.",
        b"Vos\np5\n0Vsystem\np6\n0g5\ng6\n\x93)R.",
        b"\x8d\x02\x00\x00\x00\x00\x00\x00\x00osr\x07\x00\x00\x000T\x06\x00\x00\x00systemj\x07\x00\x00\x00"
        b"0h\x07\x8c\x06system\x93)R.".replace(b"j\x07\x00\x00\x000h", b"0h"),
    ],
)
def test_an_import_is_resolved_whichever_way_it_is_written(stream: bytes) -> None:
    seen = trace(stream)
    assert [str(g) for g in seen.globals] == ["os.system"]
    assert seen.calls
    assert seen.calls[0].target == seen.globals[0]
    assert seen.stopped
    assert seen.end == len(stream)


def test_every_collection_and_constant_is_walked() -> None:
    stream = (
        asm.proto(5)
        + b"\x95" + struct.pack("<Q", 1)
        + b"(N\x88\x89I01\nI7\nL8L\nF1.5\nG" + bytes(8)
        + b"K\x01M\x01\x00J\x01\x00\x00\x00\x8a\x01\x05\x8b\x01\x00\x00\x00\x05"
        + b"S'a\\x41\\101\\n\\q'\nS\"b\"\nC\x01a\x8e" + struct.pack("<Q", 1) + b"a"
        + b"\x96" + struct.pack("<Q", 1) + b"a" + b"\x97\x98"
        + b"]K\x01a(K\x01K\x02e(K\x01l(K\x01\x91\x8f(K\x01\x90"
        + b"(Vk\nK\x01d}Vk\nK\x01s(Vk\nK\x01Nu(K\x01t\x85\x86\x87)02(10(1"
        + b"Pname\nK\x01Qt."
    )  # fmt: skip
    seen = trace(stream)
    assert seen.problems == []
    assert seen.stopped
    assert seen.persistent == 2


def test_text_arguments_are_unescaped() -> None:
    assert decode(b"S'a\\x41\\101\\n\\q'\n", 0, 17).argument == "aAA\nq"
    assert decode(b"V\\u0041\n", 0, 8).argument == "A"
    assert decode(b"Pname\n", 0, 6).argument == "name"
    assert decode(b"\x8a\xff" + bytes(255), 0, 257).argument is None
    assert decode(b"I" + b"1" * 200 + b"\n", 0, 202).argument is None


@pytest.mark.parametrize(
    "stream",
    [
        b"", b"\xff", b"K", b"X\xff\x00\x00\x00a", b"cos", b"Ix\n", b"Lx\n", b"S'a\n", b"Sa\n",
        b"S'\n", b"V\\u00\n",
        b"h\x05.", b"gx\n", b"0.", b"1", b"2", b"R", b"NR", b"t", b"(o", b"s", b"Nu",
        b".", b"\x80\x09", b"p0\n", b"Np-1\n", b"\x85", b"b", b"Q", b"\x93", b"a",
    ],
)  # fmt: skip
def test_malformed_streams_are_said(stream: bytes) -> None:
    seen = trace(stream)
    assert "malformed" in {p.kind for p in seen.problems}
    assert not seen.stopped


@pytest.mark.parametrize("sample", [asm.evil(), asm.data(), b"(S'id'\nios\nsystem\np1\ng1\n."])
def test_a_stream_cut_anywhere_gives_a_typed_problem(sample: bytes) -> None:
    for cut in range(len(sample)):
        assert "malformed" in kinds(sample[:cut])


def test_what_ran_before_the_damage_is_kept() -> None:
    seen = trace(asm.evil()[:-1] + b"\xff")
    assert [str(c.target) for c in seen.calls] == ["os.system"]


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (b"\x82\x01.", "extension"),
        (b"N" + asm.text("x") + b"\x93.", "unresolved"),
        (asm.text("x") + b"N\x93.", "unresolved"),
        (asm.text("a") + b"q\x00" + asm.text("b") + b"q\x00.", "memo-overwrite"),
        (b"Nr\xff\xff\xff\xff.", "memo-size"),
        (asm.call("a", "b") + b")R.", "computed"),
        (asm.imported("a", "B") + b"}b.", "class-state"),
        (asm.imported("a", "B") + b"K\x01K\x02s.", "class-state"),
        (b"]}b.", ""),
        (b"]q\x00q\x00\x94.", ""),
    ],
)
def test_evasions_are_named(stream: bytes, kind: str) -> None:
    assert kinds(stream) == ({kind} if kind else set())


def test_state_and_items_are_kept_where_they_matter() -> None:
    seen = trace(
        b"}"
        + asm.text("k")
        + b"K\x01sK\x01K\x02sK\x09K\x09(K\x09K\x09u0.".replace(b"K\x09K\x09(", b"(").replace(
            b"u0.", b"u."
        )
    )
    assert isinstance(seen.result, Mapping)
    assert seen.result.items == {"k": 1}


ITEMSIZE = b"(K\x03Vx\nNNNK\x04K\x01K\x00tb"
NO_ITEMSIZE = b"(K\x03Vx\nNNNNK\x01K\x00tb"
OBJECTS = b"(K\x03Vx\nNNNK\x04K\x01K\x3ftb"


@pytest.mark.parametrize(
    ("code", "state", "size"),
    [("f8", b"", 16), ("U1", b"", 8), ("V9", ITEMSIZE, 8), ("f8", NO_ITEMSIZE, 16)],
)
def test_array_bytes_in_a_joblib_stream_are_stepped_over(
    code: str, state: bytes, size: int
) -> None:
    stream = asm.joblib_array(code=code, shape=b"K\x02\x85", content=b"\xff" * size, state=state)
    seen = trace(stream)
    assert seen.stopped
    assert seen.problems == []
    assert seen.inline_arrays == 1
    assert trace(stream, arrays=False).problems


def test_alignment_bytes_are_stepped_over() -> None:
    shape = b"K\x01\x85" + asm.text("numpy_array_alignment_bytes") + b"K\x10"
    stream = asm.joblib_array(code="i1", shape=shape, content=b"\x02\xff\xff\xaa")
    assert trace(stream).stopped
    assert "malformed" in kinds(stream[:-5])


@pytest.mark.parametrize(("code", "state"), [("O8", b""), ("V8", OBJECTS)])
def test_an_array_of_objects_is_a_stream_inside_the_stream(code: str, state: bytes) -> None:
    made = asm.joblib_array(code=code, shape=b"K\x01\x85", content=asm.evil(), state=state)
    assert "os.system" in names(made)
    assert trace(made).stopped
    cut = asm.joblib_array(code=code, shape=b"K\x01\x85", content=b"\xff", state=state)
    assert "malformed" in kinds(cut)


def test_streams_nest_only_so_deep() -> None:
    content = asm.evil()
    for _ in range(pickles.MAX_NESTED + 2):
        content = asm.joblib_array(code="O8", shape=b"K\x01\x85", content=content)
    assert "budget" in kinds(content)


@pytest.mark.parametrize(
    ("code", "shape"),
    [("f8", b"N"), ("fx", b"K\x01\x85"), ("f8", asm.text("a") + b"\x85"), ("f\u0661", b")")],
)
def test_an_array_of_unknown_size_ends_the_walk(code: str, shape: bytes) -> None:
    assert {"array", "malformed"} <= kinds(asm.joblib_array(code=code, shape=shape, content=b""))


def test_a_wrapper_without_state_or_type_is_unknown() -> None:
    wrapper = asm.imported("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81"
    assert "array" in kinds(wrapper + b"Nb.")
    state = b"}(" + asm.text("shape") + b")" + asm.text("dtype") + asm.imported("x", "y") + b"NRub."
    assert "array" in kinds(wrapper + state)
    copied = asm.call(
        "copyreg", "_reconstructor", asm.imported("joblib.numpy_pickle", "NumpyArrayWrapper")
    )
    assert "array" in kinds(copied + b"Nb.")
    assert kinds(asm.call("a", "b") + b")RNb.") == {"computed"}


def test_counts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickles, "MAX_OPERATIONS", 3)
    assert kinds(b"NNNNN.") == {"budget"}
    monkeypatch.setattr(pickles, "MAX_OPERATIONS", 1000)
    monkeypatch.setattr(pickles, "MAX_RECORDS", 1)
    assert kinds(asm.imported("a", "b") * 2 + b".") == {"budget"}
    assert len(trace(asm.call("a", "b") + b")R)R)R.").problems) == 1
    monkeypatch.setattr(pickles, "MAX_MARKS", 2)
    assert kinds(b"((N.") == set()
    assert kinds(b"(((N.") == {"budget"}
    monkeypatch.setattr(pickles, "MAX_PAYLOADS", 0)
    assert trace(asm.raw(asm.evil()) + b".").payloads == []


def test_constants_that_look_like_pickles_are_kept() -> None:
    stream = asm.raw(asm.evil()) + asm.text("8004" * 4) + asm.text("harmless text") + b"C\x01a."
    assert len(trace(stream).payloads) == 2


def test_decoding_stops_at_the_given_end() -> None:
    with pytest.raises(MalformedError, match="at byte 0"):
        decode(b"N", 0, 0)


def test_of_a_long_constant_only_the_start_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_opcodes, "MAX_CONSTANT", 16)
    found = trace(asm.raw(asm.evil() + b"x" * 64) + b".")
    assert found.stopped
    assert found.payloads[0][1] == asm.evil()[:16]
