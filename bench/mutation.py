"""Damages samples: seeded, so that a number names an input."""

import random
import struct
from collections.abc import Callable, Mapping, Sequence

MAX_BYTES = 256 * 1024
_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 64) - 1)
_WIDTHS = "BHIQ"
_TOKENS = (
    b"[" * 600, b"{" * 600, b"(" * 600, b"((((((((", b"\x80\x05", b"cos\nsystem\n", b"PK\x03\x04",
    b"PK\x01\x02", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\x93NUMPY", b"GGUF",
    b"\x89HDF\r\n\x1a\n", b"ustar", b"---\n", b"*a: &a [*a]\n", b"1e999999", b"\\u0000\\ud800",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xf0\x9f", b"\0", b"\r", "\u202e\u200b\U000e0041".encode(),
    b"a" * 5_000, b" " * 5_000, b"\n" * 5_000, b"{% for x in y %}", b"{{ x }}", b"{%", b"${{",
    b"<!--", b"]]>", b'"', b"'''", b"`", b"\\", b"/../", b"../", b"$ref", b"9" * 5_000,
)  # fmt: skip


def mutated(samples: Mapping[str, bytes], seed: int, number: int) -> tuple[str, bytes]:
    """The input of that number: the name of a sample, and its content after some damage."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 — an input must come back by its number
    names = sorted(samples)
    name = names[number % len(names)]
    data = bytearray(samples[name])
    others = list(samples.values())
    for _ in range(chance.choice((1, 1, 2, 3, 5, 9))):
        chance.choice(_DAMAGES)(data, chance, others)
    return name, bytes(data[:MAX_BYTES])


def _at(data: bytearray, chance: random.Random) -> int:
    return chance.randrange(len(data) + 1)


def _bit(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _byte(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _number(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    """A number at the edge of its range, of any width and byte order."""
    code = chance.choice(_WIDTHS)
    width = struct.calcsize(code)
    value = chance.choice(_EDGES) & ((1 << 8 * width) - 1)
    at = _at(data, chance)
    data[at : at + width] = struct.pack(chance.choice("<>") + code, value)


def _cut(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    del data[_at(data, chance) :]


def _delete(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    at = _at(data, chance)
    del data[at : at + chance.randint(1, 64)]


def _repeat(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    at = _at(data, chance)
    piece = data[at : at + chance.randint(1, 256)]
    data[at:at] = piece * chance.choice((1, 2, 50))


def _token(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    at = _at(data, chance)
    token = chance.choice(_TOKENS)
    data[at : at + (len(token) if chance.random() < 1 / 2 else 0)] = token


def _splice(data: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    """A piece of another format."""
    other = chance.choice(others)
    start = chance.randrange(len(other) + 1)
    at = _at(data, chance)
    data[at:at] = other[start : start + chance.randint(1, 512)]


_DAMAGES: tuple[Callable[[bytearray, random.Random, Sequence[bytes]], None], ...] = (
    _bit, _bit, _byte, _byte, _number, _number, _cut, _delete, _repeat, _token, _token, _splice,
)  # fmt: skip
