"""What the headers of weights say of a model: how many parameters, of which type, built how."""

import json
import math
from collections import Counter
from dataclasses import dataclass, field

from certification.readers import gguf, safetensors
from certification.readers.mapped import mapped
from certification.readers.tree import read_part
from certification.types import Subject

MAX_WEIGHT_FILES = 500
_MAX_CONFIG = 1024 * 1024


@dataclass(slots=True)
class ModelFacts:
    """Computed from safetensors and GGUF headers and `config.json`; zero or empty where they say
    nothing. `parameters` counts by type of number as the format names it."""

    parameters: Counter[str] = field(default_factory=Counter)
    architecture: str = ""
    stated_dtype: str = ""  # config.json: torch_dtype or dtype
    licence: str = ""  # GGUF general.license
    base_model: str = ""  # GGUF general.base_model.0.name
    files: int = 0

    @property
    def total(self) -> int:
        """All parameters that were counted."""
        return sum(self.parameters.values())


def facts_of(subject: Subject) -> dict[str, object]:
    """The facts by name as a bill of materials lists them, without those that are not known."""
    facts = model_facts(subject)
    named = {
        "architecture": facts.architecture,
        "parameters": facts.total,
        "dtypes": ", ".join(sorted(facts.parameters)),
    }
    return {name: value for name, value in named.items() if value}


def model_facts(subject: Subject) -> ModelFacts:
    """The facts of all weights together; what cannot be read is left to the structure checks."""
    facts = ModelFacts()
    for file in subject.files:
        name = file.path.rpartition("/")[2].lower()
        if facts.files >= MAX_WEIGHT_FILES:
            break
        if name.endswith(".safetensors"):
            _count_safetensors(subject, file.path, facts)
        elif name.endswith(".gguf"):
            _count_gguf(subject, file.path, facts)
        elif name == "config.json":
            _read_config(subject, file.path, facts)
    return facts


def _count_safetensors(subject: Subject, path: str, facts: ModelFacts) -> None:
    with mapped(subject.path(path)) as data:
        try:
            header = safetensors.read(data)
        except safetensors.HeaderError:
            return
    facts.files += 1
    for tensor in header.tensors:
        facts.parameters[tensor.dtype] += math.prod(tensor.shape)


def _count_gguf(subject: Subject, path: str, facts: ModelFacts) -> None:
    with mapped(subject.path(path)) as data:
        try:
            header = gguf.read(data)
        except gguf.GgufError:
            return
    facts.files += 1
    values = header.values
    facts.architecture = facts.architecture or str(values.get("general.architecture", ""))[:100]
    facts.licence = facts.licence or str(values.get("general.license", ""))[:100]
    base = str(values.get("general.base_model.0.name", ""))[:200]
    facts.base_model = facts.base_model or base


def _read_config(subject: Subject, path: str, facts: ModelFacts) -> None:
    try:
        config = json.loads(read_part(subject.path(path), _MAX_CONFIG))
    except (OSError, ValueError, RecursionError):
        return
    if not isinstance(config, dict):
        return
    architectures = config.get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else ""
    facts.architecture = facts.architecture or str(first or config.get("model_type") or "")[:100]
    stated = str(config.get("torch_dtype") or config.get("dtype") or "")
    facts.stated_dtype = facts.stated_dtype or stated.removeprefix("torch.")[:40]
