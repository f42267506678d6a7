"""The public identifiers that findings carry: what each is called and where it is explained.

CWE 4.17, OWASP Top 10 for LLM Applications 2025, OWASP Top 10 for Agentic Applications 2026,
OWASP MCP Top 10 (beta), MITRE ATLAS.
"""

import re
from dataclasses import dataclass
from enum import Enum


class Taxonomy(Enum):
    """A list of weaknesses or threats: its name, its edition and its home."""

    CWE = ("CWE", "4.17", "https://cwe.mitre.org/")
    LLM = (
        "OWASP Top 10 for LLM Applications",
        "2025",
        "https://genai.owasp.org/llm-top-10/",
    )
    ASI = (
        "OWASP Top 10 for Agentic Applications",
        "2026",
        "https://genai.owasp.org/resource/owasp-top-10-for-agentic-applications-for-2026/",
    )
    MCP = ("OWASP MCP Top 10", "2025-beta", "https://owasp.org/www-project-mcp-top-10/")
    ATLAS = ("MITRE ATLAS", "5", "https://atlas.mitre.org/")

    @property
    def title(self) -> str:
        """The name of the list."""
        return self.value[0]

    @property
    def edition(self) -> str:
        """Year or version of the list."""
        return self.value[1]

    @property
    def url(self) -> str:
        """Where the list is."""
        return self.value[2]


@dataclass(frozen=True, slots=True)
class Standard:
    """One entry of a taxonomy, by the id that findings carry."""

    id: str
    taxonomy: Taxonomy
    title: str


_LISTS: dict[Taxonomy, dict[str, str]] = {
    Taxonomy.LLM: {
        "OWASP LLM01:2025": "Prompt Injection",
        "OWASP LLM02:2025": "Sensitive Information Disclosure",
        "OWASP LLM03:2025": "Supply Chain",
        "OWASP LLM04:2025": "Data and Model Poisoning",
        "OWASP LLM05:2025": "Improper Output Handling",
        "OWASP LLM06:2025": "Excessive Agency",
        "OWASP LLM07:2025": "System Prompt Leakage",
        "OWASP LLM08:2025": "Vector and Embedding Weaknesses",
        "OWASP LLM09:2025": "Misinformation",
        "OWASP LLM10:2025": "Unbounded Consumption",
    },
    Taxonomy.ASI: {
        "OWASP ASI01": "Agent Goal Hijack",
        "OWASP ASI02": "Tool Misuse and Exploitation",
        "OWASP ASI03": "Identity and Privilege Abuse",
        "OWASP ASI04": "Agentic Supply Chain Vulnerabilities",
        "OWASP ASI05": "Unexpected Code Execution",
        "OWASP ASI06": "Memory and Context Poisoning",
        "OWASP ASI07": "Insecure Inter-Agent Communication",
        "OWASP ASI08": "Cascading Failures",
        "OWASP ASI09": "Human-Agent Trust Exploitation",
        "OWASP ASI10": "Rogue Agents",
    },
    Taxonomy.MCP: {
        "OWASP MCP01": "Token Mismanagement and Secret Exposure",
        "OWASP MCP02": "Privilege Escalation via Scope Creep",
        "OWASP MCP03": "Tool Poisoning",
        "OWASP MCP04": "Software Supply Chain Attacks and Dependency Tampering",
        "OWASP MCP05": "Command Injection and Execution",
        "OWASP MCP06": "Intent Flow Subversion",
        "OWASP MCP07": "Insufficient Authentication and Authorization",
        "OWASP MCP08": "Lack of Audit and Telemetry",
        "OWASP MCP09": "Shadow MCP Servers",
        "OWASP MCP10": "Context Injection and Over-Sharing",
    },
    Taxonomy.ATLAS: {
        "AML.T0010": "AI Supply Chain Compromise",
        "AML.T0011": "User Execution",
        "AML.T0018": "Manipulate AI Model",
        "AML.T0020": "Poison Training Data",
        "AML.T0050": "Command and Scripting Interpreter",
        "AML.T0051": "LLM Prompt Injection",
        "AML.T0053": "AI Agent Tool Invocation",
        "AML.T0056": "Extract LLM System Prompt",
        "AML.T0057": "LLM Data Leakage",
        "AML.T0058": "Publish Poisoned Models",
        "AML.T0068": "LLM Prompt Obfuscation",
        "AML.T0070": "RAG Poisoning",
        "AML.T0080": "AI Agent Context Poisoning",
    },
}
STANDARDS: dict[str, Standard] = {
    name: Standard(name, taxonomy, title)
    for taxonomy, entries in _LISTS.items()
    for name, title in entries.items()
}
_WEAKNESS = re.compile(r"CWE-[1-9]\d{0,4}")

#: Entries that no look at an artifact before it runs anywhere can settle, and why.
OUT_OF_REACH: dict[str, str] = {
    "OWASP LLM04:2025": "Poisoned training does not show in the form of weights; their origin may.",
    "OWASP LLM07:2025": "The system prompt belongs to whoever runs the model, not to the package.",
    "OWASP LLM08:2025": "Embeddings and vector stores are made where the package is used.",
    "OWASP LLM09:2025": "Whether answers are true depends on what is asked.",
    "OWASP ASI07": "How agents speak to each other is set up where they are used.",
    "OWASP ASI08": "Cascades arise between systems, not inside one package.",
    "OWASP ASI10": "An agent that turns later is watched where it runs.",
    "AML.T0020": "Poisoned training data does not show in the form of weights.",
    "AML.T0070": "What a retriever is fed is chosen where the package is used.",
    "OWASP MCP07": "Who may call a server is set up where it is used.",
    "OWASP MCP08": "What is logged is set up where it is used.",
    "OWASP MCP09": "Servers that nobody registered do not come here.",
}


def is_known(name: str) -> bool:
    """Whether some taxonomy here has that id: old reports may carry others."""
    return name in STANDARDS or _WEAKNESS.fullmatch(name) is not None


def standard(name: str) -> Standard:
    """The entry of that id; raises KeyError for one that no taxonomy here has."""
    if _WEAKNESS.fullmatch(name):
        return Standard(name, Taxonomy.CWE, "")
    return STANDARDS[name]
