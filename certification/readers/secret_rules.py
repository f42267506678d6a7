"""Finds credentials in text: exact shapes of issued tokens, key blocks, and guarded guesses."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_ENTROPY_BITS = 3.6
_PLACEHOLDER = re.compile(
    r"example|placeholder|changeme|your[_-]?|dummy|sample|test|fake|xxxx|\*\*\*|\.\.\.|<[^>]+>"
    r"|\$\{|\{\{|"
    r"0{6}|1234567890|abcdef|insert|redacted|process\.env|environ|getenv",
    re.IGNORECASE,
)
#: Of each kind, literals of which one is in every such credential, and its exact shape.
_ISSUED = {
    "aws-access-key": (("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "github-token": (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,99}|github_pat_\w{60,99})\b",
    ),
    "gitlab-token": (("glpat-",), r"\bglpat-[A-Za-z0-9_-]{20,64}\b"),
    "npm-token": (("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    "pypi-token": (("pypi-AgEIcHlwaS5vcmc",), r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,250}"),
    "slack-token": (("xox",), r"\bxox[abeoprs]-[0-9A-Za-z-]{20,250}"),
    "slack-webhook": (("hooks.slack.com",), r"https://hooks\.slack\.com/services/T\w{6,12}/B\w{6,12}/\w{20,40}"),
    "discord-webhook": (("/api/webhooks/",), r"https://discord(?:app)?\.com/api/webhooks/\d{15,22}/[\w-]{50,90}"),
    "openai-key": (("T3BlbkFJ",), r"\bsk-[A-Za-z0-9_-]{20,90}T3BlbkFJ[A-Za-z0-9_-]{20,80}"),
    "anthropic-key": (("sk-ant-",), r"\bsk-ant-(?:api|admin|oat)\d{2}-[A-Za-z0-9_-]{80,120}"),
    "hugging-face-token": (("hf_",), r"\bhf_[A-Za-z]{34}\b"),
    "google-api-key": (("AIza",), r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
    "stripe-key": (("k_live_",), r"\b[rs]k_live_[0-9A-Za-z]{20,120}"),
    "sendgrid-key": (("SG.",), r"\bSG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
    "twilio-key": (("SK",), r"\bSK[0-9a-f]{32}\b"),
    "azure-storage-key": (("AccountKey=",), r"AccountKey=[A-Za-z0-9+/]{86}=="),
    "private-key": (
        ("-----BEGIN ",),
        r"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|PGP) )?PRIVATE KEY(?: BLOCK)?-----",
    ),
    "age-key": (("AGE-SECRET-KEY-1",), r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"),
}  # fmt: skip
_WORD = re.compile(r"(?:[A-Z]?[a-z]+(?:[A-Z][a-z]+)*|[A-Z]+)\d{0,4}|v?\d{0,4}")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,20}://\S*|[{(\[%].*|\$[{\w]+\}?|.*[})\]]")
_RULES = {name: (words, re.compile(pattern)) for name, (words, pattern) in _ISSUED.items()}
_ASSIGNED = re.compile(
    r"(?i)(?:api[_-]?key|secret|token|passwd|password|private[_-]?key|access[_-]?key|credential)s?"
    r"(?:_\w{1,20})?[\"']?\s{0,4}(?:=|:|=>)\s{0,4}[\"']([^\s\"']{12,200})[\"']"
)
_URL = re.compile(r"(?<=[a-z0-9+.-])://[^\s:/@'\"]{1,60}:([^\s:/@'\"]{6,100})@[\w.-]{3,100}")
_NETRC = re.compile(r"(?m)^\s*machine\s+\S+\s+login\s+\S+\s+password\s+(\S+)")
_PGPASS = re.compile(r"(?m)^[^:#\s]+:(?:\d+|\*):[^:\s]+:[^:\s]+:(\S+)$")
_HTPASSWD = re.compile(r"(?m)^[^:#\s]+:(\$(?:apr1|2[aby]|5|6)\$\S{20,}|\{SHA\}\S{20,})")
_TOKEN_FILE = re.compile(
    r"(?mi)(?:_authToken|_password|_auth|password)\s*[:=]\s*[\"']?([^\s\"'#]{8,300})"
)
_CLOUD = re.compile(
    r"(?mi)^\s*(?:aws_secret_access_key|aws_session_token|client-key-data|token|refresh_token"
    r"|client_secret|password)\s*[:=]\s*[\"']?([^\s\"'#]{12,4000})"
)
_GIT = re.compile(r"(?m)^https?://[^:/\s]+:([^@\s]{6,200})@")
_ENV = re.compile(
    r"(?m)^\s*(?:export\s+)?\w*(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD)\w*\s*=\s*[\"']?([^\s\"'#]{8,200})"
)
_FILES = {
    "netrc": _NETRC,
    ".netrc": _NETRC,
    "_netrc": _NETRC,
    ".pgpass": _PGPASS,
    "pgpass.conf": _PGPASS,
    ".htpasswd": _HTPASSWD,
    ".npmrc": _TOKEN_FILE,
    ".pypirc": _TOKEN_FILE,
    ".git-credentials": _GIT,
}
#: Files that hold credentials only in the folder a client keeps them in.
_FOLDERS = re.compile(
    r"(?:^|/)\.(?:aws|kube|docker|azure|config/gcloud|oci)/[^/]+$|(?:^|/)kubeconfig$"
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential: the rule, where it starts and ends in the text, and what may be shown of it.
    `sure` says its shape belongs to one issuer."""

    rule: str
    start: int
    end: int
    masked: str
    sure: bool


def secrets_in(path: str, text: str) -> Iterator[Secret]:
    """Every credential in a text; the value itself never leaves this function."""
    seen: set[int] = set()
    for rule, (words, pattern) in _RULES.items():
        if not any(word in text for word in words):
            continue
        for match in pattern.finditer(text):
            if not _PLACEHOLDER.search(match[0]) or rule == "private-key":
                seen.add(match.start())
                sure = _complete(rule, text, match.end())
                yield Secret(rule, *match.span(), mask(match[0]), sure)
    for rule, pattern in _guesses(path):
        for match in pattern.finditer(text):
            value = match[1]
            if not any(match.start(1) <= at < match.end(1) for at in seen) and _random(value):
                yield Secret(rule, *match.span(1), mask(value), sure=rule == "password-file")


def is_placeholder(value: str) -> bool:
    """Whether a value says of itself that it stands for another."""
    return _PLACEHOLDER.search(value) is not None


def mask(value: str) -> str:
    """The first four characters and the length."""
    return f"{value[:4]}… ({len(value)} characters)"


def _guesses(path: str) -> Iterator[tuple[str, "re.Pattern[str]"]]:
    name = path.rsplit("/", 1)[-1].casefold()
    yield "assignment", _ASSIGNED
    if name != ".git-credentials":
        yield "url-password", _URL
    if name in _FILES:
        yield "password-file", _FILES[name]
    if _FOLDERS.search(path):
        yield "password-file", _CLOUD
    if name == ".env" or (
        name.startswith(".env.") and not name.endswith(("example", "sample", "template"))
    ):
        yield "environment-file", _ENV


def _complete(rule: str, text: str, end: int) -> bool:
    """Documentation shows the first line of a key; only a block with a body is a key."""
    return (
        rule != "private-key"
        or re.match(r"\s*(?:[\w-]+:[^\n]*\s+)*[A-Za-z0-9+/=\s\\n]{200,}", text[end : end + 4000])
        is not None
    )


def _spoken(value: str) -> bool:
    """An address, an expression, or words with marks between them."""
    words = re.split(r"[-_./:@ ]+", value)
    return _ADDRESS.fullmatch(value) is not None or all(map(_WORD.fullmatch, words))


def _random(value: str) -> bool:
    """Whether a value looks generated: enough entropy, letters and digits, no placeholder, and
    neither an address nor words."""
    if (
        _PLACEHOLDER.search(value)
        or _spoken(value)
        or not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value))
    ):
        return False
    total = len(value)
    bits = -sum(n / total * math.log2(n / total) for n in Counter(value).values())
    return bits >= min(_ENTROPY_BITS, math.log2(total) - 0.5)
