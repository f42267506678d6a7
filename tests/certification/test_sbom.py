"""Bills of materials are valid CycloneDX 1.6, and the same every time."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from certification import sbom
from certification.intake import open_subject
from certification.readers.components import Component, Ecosystem, Source
from certification.types import Subject
from registry.domain.identifiers import Format

COMPONENTS = (
    Component(Ecosystem.PYPI, "requests", "2.31.0", "", "requirements.txt", hashed=True),
    Component(Ecosystem.PYPI, "requests", "2.31.0", "", "uv.lock"),
    Component(Ecosystem.PYPI, "requests", "2.31.0", "", "uv.lock", line=3),
    Component(Ecosystem.NPM, "@s/b", "", "^2", "package.json", Source.VCS),
)


@pytest.fixture
def subject(tmp_path: Path):
    (tmp_path / "SKILL.md").write_text("---\nname: a\ndescription: Sums.\nlicense: mit\n---\n")
    with open_subject(tmp_path) as opened:
        yield replace(opened, name="acme/a", version="1.0.0")


def described(subject: Subject, **facts: object) -> dict:
    document = sbom.bill_of_materials(subject, COMPONENTS, facts)
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(document.decode()) is None
    return json.loads(document)


def test_an_agent(subject: Subject) -> None:
    bill = described(subject)
    main = bill["metadata"]["component"]
    assert (main["type"], main["name"], main["licenses"]) == (
        "application", "acme/a", [{"expression": "MIT"}],
    )  # fmt: skip
    libraries = {one["bom-ref"]: one for one in bill["components"] if one["type"] == "library"}
    pinned = libraries["pkg:pypi/requests@2.31.0"]
    assert [at["location"] for at in pinned["evidence"]["occurrences"]] == [
        "requirements.txt", "uv.lock",
    ]  # fmt: skip
    assert "version" not in libraries["pkg:npm/%40s/b#^2"]
    (file,) = [one for one in bill["components"] if one["type"] == "file"]
    assert file["name"] == "SKILL.md"


def test_a_model_has_a_card(subject: Subject) -> None:
    declared = replace(subject.declared, format=Format.SAFETENSORS, licence="my own", summary="")
    bill = described(replace(subject, declared=declared), architecture="Tiny", parameters=4)
    main = bill["metadata"]["component"]
    assert main["type"] == "machine-learning-model"
    assert main["licenses"] == [{"license": {"name": "my own"}}]
    assert main["modelCard"]["modelParameters"] == {"modelArchitecture": "Tiny"}
    assert {"name": "assay:parameters", "value": "4"} in main["modelCard"]["properties"]
    bare = described(replace(subject, name="", declared=replace(declared, licence="")))
    assert "modelArchitecture" not in bare["metadata"]["component"]["modelCard"]["modelParameters"]


def test_the_same_contents_give_the_same_bytes(subject: Subject) -> None:
    once = sbom.bill_of_materials(subject, COMPONENTS, {})
    assert once == sbom.bill_of_materials(subject, COMPONENTS, {})
    assert sbom.digest(once).startswith("sha256:")
    other = json.loads(sbom.bill_of_materials(subject, (), {}))["serialNumber"]
    assert other != json.loads(once)["serialNumber"]
