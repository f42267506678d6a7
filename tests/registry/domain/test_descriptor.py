from registry.domain.descriptor import (
    Descriptor,
    EntryPoint,
    Permissions,
    ProvenanceClaim,
    from_dict,
)
from registry.domain.identifiers import Format


def test_a_full_descriptor_survives_the_round_trip():
    descriptor = Descriptor(
        format=Format.MCP_SERVER,
        name="x",
        version="1.0.0",
        title="X",
        summary="does x",
        licence="MIT",
        homepage="https://x.example",
        base_model="",
        entry_point=EntryPoint("python", ("python", "x.py")),
        tools=("a", "b"),
        permissions=Permissions(network=("x.example",), write=("./out",)),
        permissions_declared=True,
        provenance=ProvenanceClaim("x.json", "x", "me@x.example", "https://x.example"),
        source="assay.toml",
        readme="# X",
    )
    assert from_dict(descriptor.as_dict()) == descriptor


def test_a_bare_descriptor_survives_the_round_trip():
    descriptor = Descriptor(format=Format.GGUF)
    assert from_dict(descriptor.as_dict()) == descriptor


def test_missing_parts_read_as_nothing():
    assert from_dict({"format": "gguf"}) == Descriptor(format=Format.GGUF)


def test_permissions_are_listed_sorted():
    needs = Permissions(network=("b", "a")).as_dict()
    assert needs == {
        "network": ["a", "b"],
        "read": [],
        "write": [],
        "environment": [],
        "execute": [],
    }
