"""What a model's card claims, against what its weights and files say."""

import re
from collections.abc import Iterator

from license_expression import ExpressionError, get_spdx_licensing

from certification.readers.model_facts import ModelFacts, model_facts
from certification.types import (
    Check,
    Evidence,
    Finding,
    Level,
    Location,
    Result,
    Stage,
    Subject,
    Tools,
)
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Kind

_STANDARDS = ("CWE-345", "CWE-1357", "OWASP LLM03:2025", "AML.T0010", "AML.T0058")
#: `7B`, `270m`, `1.5b-instruct`: a size as names of models carry it.
_SIZE = re.compile(r"(?<![a-z0-9.])(\d{1,4}(?:\.\d{1,3})?)\s?([mb])(?![a-z0-9])", re.IGNORECASE)
_UNITS = {"m": 10**6, "b": 10**9}
#: Names round generously, and embeddings are counted or not.
_TOLERANCE = 2.0
_NUMBERS = {
    "float32": {"F32"}, "float": {"F32"}, "float16": {"F16"}, "half": {"F16"},
    "bfloat16": {"BF16"}, "float64": {"F64"}, "int8": {"I8"},
}  # fmt: skip
#: Words that model cards use for licences of their own.
_OWN_TERMS = ("other", "llama", "gemma", "openrail", "creativeml", "bigscience")
_SPDX = get_spdx_licensing()


def _run(subject: Subject, tools: Tools) -> Result:
    facts = model_facts(subject)
    declared = subject.declared
    evidence = Evidence(
        "model",
        {
            "parameters": dict(sorted(facts.parameters.items())),
            "total": facts.total,
            "architecture": facts.architecture,
            "statedDtype": facts.stated_dtype,
            "licence": declared.licence,
            "baseModel": declared.base_model or facts.base_model,
            "weightFiles": facts.files,
        },
    )
    findings = [*_size(declared, facts), *_numbers(facts), *_licence(declared, facts)]
    findings += _base(declared, facts)
    return Result(tuple(findings), (evidence,))


def _size(declared: Descriptor, facts: ModelFacts) -> Iterator[Finding]:
    """The size in the name or title, where the weights let us count."""
    claimed = _SIZE.search(f"{declared.name} {declared.title}")
    if claimed is None or not facts.total:
        return
    stated = float(claimed[1]) * _UNITS[claimed[2].lower()]
    if not stated or not 1 / _TOLERANCE <= facts.total / stated <= _TOLERANCE:
        message = (
            f"The name says {claimed[0].strip()}, the weights hold {facts.total:,} parameters."
        )
        yield _finding("size", Level.WARNING, message, "Name the size that the weights have.")


def _numbers(facts: ModelFacts) -> Iterator[Finding]:
    wanted = _NUMBERS.get(facts.stated_dtype)
    if wanted and facts.parameters and not wanted & set(facts.parameters):
        held = ", ".join(sorted(facts.parameters))
        message = f"config.json says {facts.stated_dtype}, the weights hold {held}."
        yield _finding("dtype", Level.NOTE, message, "State the type that the weights have.")


def _licence(declared: Descriptor, facts: ModelFacts) -> Iterator[Finding]:
    if not declared.licence:
        message = "The card states no licence, so nobody knows what they may do with the model."
        yield _finding("no-licence", Level.NOTE, message, "State an SPDX licence in the card.")
        return
    own_terms = declared.licence.lower().startswith(_OWN_TERMS)
    if _spdx(declared.licence) is None and not own_terms:
        message = f"“{declared.licence[:80]}” is not an SPDX licence expression."
        yield _finding("licence-unknown", Level.NOTE, message, "State an SPDX licence in the card.")
    inside = _spdx(facts.licence) if facts.licence else None
    stated = _spdx(declared.licence)
    if inside and stated and inside != stated:
        message = f"The card says {stated}, the weights' own header {inside}."
        yield _finding("licence", Level.WARNING, message, "Make card and weights agree.")


def _spdx(stated: str) -> str | None:
    """The expression in its canonical case, or None where it is none."""
    try:
        return str(_SPDX.parse(stated, validate=True))
    except ExpressionError:
        return None


def _base(declared: Descriptor, facts: ModelFacts) -> Iterator[Finding]:
    if facts.base_model and declared.base_model:
        there = _plain(facts.base_model)
        if there not in _plain(declared.base_model) and _plain(declared.base_model) not in there:
            message = (
                f"The card says it is made from {declared.base_model[:100]}, the weights' own "
                f"header from {facts.base_model[:100]}."
            )
            yield _finding("base-model", Level.WARNING, message, "Name the base model truly.")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.rpartition("/")[2].lower())


def _finding(what: str, level: Level, message: str, fix: str) -> Finding:
    return Finding(
        rule=f"model-claims.{what}",
        level=level,
        message=message,
        location=Location("README.md") if what in {"no-licence", "base-model"} else None,
        fix=fix,
        standards=_STANDARDS,
    )


CHECK = Check(
    id="model-claims",
    version=1,
    stage=Stage.SCAN,
    title="The card says what the weights say",
    why="A card that says another size, licence or origin than the weights misleads whoever "
    "must sign off.",
    remedy="Make the card say what the weights and their headers say.",
    standards=_STANDARDS,
    applies_to=lambda subject: subject.declared.format.kind is Kind.MODEL and subject.unpacked,
    run=_run,
)
