"""The bill of materials of a version: CycloneDX 1.6, for models with a model card (pure).

https://cyclonedx.org/docs/1.6/json/ - written here because cyclonedx-python-lib knows no model
card; the tests hold every document to that library's strict schema.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

import rfc8785
from license_expression import ExpressionError, get_spdx_licensing

from certification.readers.components import Component, Source
from certification.types import Subject
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Kind

MEDIA_TYPE = "application/vnd.cyclonedx+json; version=1.6"
MAX_FILES = 5_000
#: Our own namespace for serial numbers: the same contents get the same number.
_NAMESPACE = UUID("5a0f3c0e-8a52-4c1e-9d2b-a55a7c0de016")
_SPDX = get_spdx_licensing()


def bill_of_materials(
    subject: Subject, components: Iterable[Component], facts: Mapping[str, object]
) -> bytes:
    """Canonical JSON of the bill; the same subject and components give the same bytes.

    `facts` are what headers of a model's weights say (`parameters`, `dtypes`, `architecture`),
    empty for agents.
    """
    declared = subject.declared
    main: dict[str, Any] = {
        "type": _kind(declared),
        "bom-ref": "subject",
        "name": subject.name or "unnamed",
        "version": subject.version or "0",
        "hashes": [{"alg": "SHA-256", "content": subject.digest.removeprefix("sha256:")}],
    }
    if declared.summary:
        main["description"] = declared.summary
    if declared.licence:
        main["licenses"] = [_licence(declared.licence)]
    if declared.format.kind is Kind.MODEL:
        main["modelCard"] = _model_card(declared, facts)
    listed = _listed(components)
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "",
        "version": 1,
        "metadata": {
            "component": main,
            "tools": {"components": [{"type": "application", "name": "assay"}]},
        },
        "components": [*listed, *_files(subject)],
        "dependencies": [
            {"ref": "subject", "dependsOn": [one["bom-ref"] for one in listed]},
        ],
    }
    content = hashlib.sha256(rfc8785.dumps(document)).hexdigest()
    document["serialNumber"] = f"urn:uuid:{uuid5(_NAMESPACE, content)}"
    return rfc8785.dumps(document)


def digest(document: bytes) -> str:
    """sha256:<hex> of the document's bytes."""
    return "sha256:" + hashlib.sha256(document).hexdigest()


def _kind(declared: Descriptor) -> str:
    is_model = declared.format.kind is Kind.MODEL
    return "machine-learning-model" if is_model else "application"


def _listed(components: Iterable[Component]) -> list[dict[str, Any]]:
    """One entry a package URL, with every file that names it."""
    by_reference: dict[str, dict[str, Any]] = {}
    for one in components:
        reference = one.purl if one.version else f"{one.purl}#{one.constraint}"
        entry = by_reference.setdefault(reference, _library(one, reference))
        named = {"location": one.path}
        if named not in entry["evidence"]["occurrences"]:
            entry["evidence"]["occurrences"].append(named)
    return [by_reference[reference] for reference in sorted(by_reference)]


def _library(one: Component, reference: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference,
        "name": one.name,
        "purl": one.purl,
        "evidence": {"occurrences": []},
    }
    if one.version:
        entry["version"] = one.version
    properties = {"assay:constraint": one.constraint, "assay:hashed": str(one.hashed).lower()}
    if one.source is not Source.REGISTRY:
        properties["assay:source"] = one.source.value
    entry["properties"] = [{"name": k, "value": v} for k, v in properties.items() if v]
    return entry


def _files(subject: Subject) -> list[dict[str, Any]]:
    return [
        {
            "type": "file",
            "bom-ref": f"file:{file.path}",
            "name": file.path,
            "hashes": [{"alg": "SHA-256", "content": file.sha256}],
        }
        for file in sorted(subject.files, key=lambda file: file.path)[:MAX_FILES]
        if file.sha256
    ]


def _model_card(declared: Descriptor, facts: Mapping[str, object]) -> dict[str, Any]:
    parameters: dict[str, str] = {}
    if architecture := facts.get("architecture"):
        parameters["modelArchitecture"] = str(architecture)
    stated = {"assay:format": declared.format.value, "assay:baseModel": declared.base_model}
    stated |= {f"assay:{name}": str(value) for name, value in sorted(facts.items())}
    return {
        "modelParameters": parameters,
        "properties": [{"name": name, "value": value} for name, value in stated.items() if value],
    }


def _licence(stated: str) -> dict[str, Any]:
    try:
        parsed = _SPDX.parse(stated, validate=True)
    except ExpressionError:
        return {"license": {"name": stated}}
    return {"expression": str(parsed)}
