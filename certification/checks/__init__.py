"""The one list of checks, in the order in which reports name them."""

from certification.checks import (
    archive_safety,
    chat_template,
    code_capabilities,
    declared_format,
    gguf_structure,
    hidden_text,
    install_scripts,
    keras_code,
    onnx_structure,
    pickle_opcodes,
    provenance,
    remote_code,
    safetensors_structure,
    sandbox_smoke,
    saved_model,
    secrets,
    tool_poisoning,
)
from certification.types import Check

ALL: tuple[Check, ...] = (
    archive_safety.CHECK,
    declared_format.CHECK,
    hidden_text.CHECK,
    tool_poisoning.CHECK,
    secrets.CHECK,
    code_capabilities.CHECK,
    install_scripts.CHECK,
    chat_template.CHECK,
    gguf_structure.CHECK,
    keras_code.CHECK,
    onnx_structure.CHECK,
    pickle_opcodes.CHECK,
    remote_code.CHECK,
    safetensors_structure.CHECK,
    saved_model.CHECK,
    sandbox_smoke.CHECK,
    provenance.CHECK,
)
