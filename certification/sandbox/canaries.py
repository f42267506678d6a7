"""Fresh honeytokens for one run: they look like credentials, open nothing, and betray their reader.

Values are made anew for each run and never leave this module: whatever a guest says is searched for
them, as they are and in the encodings that a thief uses, and each is replaced by a mark such as
`<canary:aws>`. Two runs so give the same record. Matching goes by the unique first part of a value
at least; what is compressed, encrypted or split into shorter pieces is not found.
"""

import base64
import re
import secrets
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from certification.ports import (
    Connection,
    Event,
    Execution,
    FileAccess,
    NameLookup,
    Observation,
    ObservedCall,
    ObservedTool,
)

#: As much of a value as is unique: shorter pieces are not told from chance.
_UNIQUE = 16
_ALPHABET = string.ascii_letters + string.digits
#: How to encode, after how many bytes the alignment comes round, and bits in a letter.
_ENCODINGS: tuple[tuple[Callable[[bytes], bytes], int, int], ...] = (
    (base64.b64encode, 3, 6),
    (base64.urlsafe_b64encode, 3, 6),
    (base64.b32encode, 5, 5),
)
_UPPER = string.ascii_uppercase + string.digits


def _random(length: int, alphabet: str = _ALPHABET) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


@dataclass(frozen=True, slots=True)
class Canaries:
    """The honeytokens of one run by kind; those of the environment begin with `env-`."""

    values: dict[str, str] = field(
        default_factory=lambda: {
            "aws": _random(40),
            "ssh": _random(64),
            "git": f"ghp_{_random(36)}",
            "npm": f"npm_{_random(36)}",
            "pypi": f"pypi-{_random(80)}",
            "netrc": _random(24),
            "dotenv": _random(32),
            "browser": _random(32),
            "wallet": _random(52, _UPPER),
            "env-aws": _random(40),
            "env-github": f"ghp_{_random(36)}",
            "env-database": _random(24),
        }
    )

    def files(self) -> dict[str, str]:
        """Files of the home by path below it; the unique part stands in each first line."""
        value = self.values
        key = "\n".join(re.findall(".{1,64}", value["ssh"]))
        return {
            ".aws/credentials": f"# {value['aws']}\n[default]\naws_access_key_id = "
            f"AKIA{value['wallet'][:16]}\naws_secret_access_key = {value['aws']}\n",
            ".ssh/id_ed25519": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{key}\n"
            "-----END OPENSSH PRIVATE KEY-----\n",
            ".git-credentials": f"https://deploy:{value['git']}@github.com\n",
            ".npmrc": f"//registry.npmjs.org/:_authToken={value['npm']}\n",
            ".pypirc": f"[pypi]\nusername = __token__\npassword = {value['pypi']}\n",
            ".netrc": f"machine api.internal login deploy password {value['netrc']}\n",
            ".env": f"API_TOKEN={value['dotenv']}\n",
            ".config/google-chrome/Default/Login Data": f"SQLite format 3 {value['browser']}\n",
            ".ethereum/keystore/UTC--key": f'{{"crypto": "{value["wallet"]}"}}\n',
        }

    def environment(self) -> dict[str, str]:
        """Variables that a developer's shell would hold."""
        return {
            "AWS_SECRET_ACCESS_KEY": self.values["env-aws"],
            "GITHUB_TOKEN": self.values["env-github"],
            "DATABASE_PASSWORD": self.values["env-database"],
        }

    def searched(self, seen: Observation) -> Observation:
        """The observation with every value replaced by its mark."""
        search = _Search(self.values)
        return replace(
            seen,
            stdout=search.text(seen.stdout),
            stderr=search.text(seen.stderr),
            instructions=search.text(seen.instructions),
            tools=tuple(
                ObservedTool(search.text(tool.name), search.inside(tool.definition))
                for tool in seen.tools
            ),
            calls=tuple(
                ObservedCall(call.tool, call.arguments, call.failed, search.text(call.content))
                for call in seen.calls
            ),
            events=tuple(dict.fromkeys(search.event(event) for event in seen.events)),
        )


class _Search:
    """Finds each value in every form; the patterns are compiled once."""

    def __init__(self, values: dict[str, str]) -> None:
        self._forms = [
            (re.compile("|".join(map(re.escape, _forms(value))), re.IGNORECASE), f"<canary:{kind}>")
            for kind, value in values.items()
        ]

    def text(self, said: str) -> str:
        """The text with marks in place of values."""
        for pattern, mark in self._forms:
            said = pattern.sub(mark, said)
        return said

    def inside(self, value: dict[str, object]) -> dict[str, object]:
        """The same for every string of a JSON object."""
        return {self.text(key): self._any(item) for key, item in value.items()}

    def event(self, event: Event) -> Event:
        """The same for what an event tells of the guest's own words."""
        searched = event
        match event:
            case FileAccess():
                searched = replace(
                    event, path=self.text(event.path), target=self.text(event.target)
                )
            case Execution():
                searched = replace(event, arguments=tuple(map(self.text, event.arguments)))
            case Connection():
                sent = self.text(event.first_bytes.decode("latin-1"))
                searched = replace(event, first_bytes=sent.encode("latin-1"))
            case NameLookup():
                joined = self.text(event.name.replace(".", ""))
                marked = joined if "<canary:" in joined else self.text(event.name)
                searched = replace(event, name=marked)
            case _:
                searched = replace(event, detail=self.text(event.detail))
        return searched

    def _any(self, value: object) -> object:
        match value:
            case str():
                return self.text(value)
            case list():
                return [self._any(item) for item in value]
            case dict():
                return self.inside(value)
            case _:
                return value


def _forms(value: str) -> Iterator[str]:
    """The value's unique part as it is, reversed, and in hex, base64, base32 and percent signs.

    Base64 and base32 of a longer text carry the value at any of their alignments: the letters that
    also depend on what stands around it are left off.
    """
    part = value[-_UNIQUE:] if value.startswith(("ghp_", "npm_", "pypi-")) else value[:_UNIQUE]
    raw = part.encode()
    yield value
    yield part
    yield part[::-1]
    yield raw.hex()
    yield "".join(f"%{byte:02x}" for byte in raw)
    for encode, group, bits in _ENCODINGS:
        for shift in range(group):
            yield _core(encode(bytes(shift) + raw).decode(), shift, bits)


def _core(encoded: str, shift: int, bits: int) -> str:
    """The letters, of some bits each, that the value alone decides."""
    letters = encoded.rstrip("=")
    first = -(-8 * shift // bits)
    last = (8 * (shift + _UNIQUE)) // bits
    return letters[first:last]
