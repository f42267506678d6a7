"""Rule packs: rules as versioned data below `certification/rules/<pack>/`.

A pack is a folder of data files with a `pack.toml` beside them:

    version = "2026.11"
    source = "https://... or: written for Assay"
    license = "Apache-2.0"

A check names its packs (`Check.packs`): their digests stand in every report and in the key under
which its answers are remembered, so a changed rule is never mistaken for an old answer.
"""

import hashlib
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

from certification.types import RulePack
from registry.domain.contents import digest_of

RULES = Path(__file__).parent / "rules"
_ABOUT = "pack.toml"


class RulePackError(Exception):
    """A pack that is not whole; nothing may be judged by it."""


@cache
def pack(name: str, rules: Path = RULES) -> RulePack:
    """The pack of that name; its digest is `sha256sum` over its files, as of a version's."""
    folder = rules / name
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    try:
        about = tomllib.loads((folder / _ABOUT).read_text("utf-8"))
        version, _, _ = about["version"], about["source"], about["license"]
    except (OSError, ValueError, KeyError) as fault:
        raise RulePackError(f"The rule pack {name} has no sound {_ABOUT}.") from fault
    entries = (
        (path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    )
    return RulePack(name, str(version), digest_of(entries))


@cache
def library(name: str) -> RulePack:
    """An installed library whose opinion is a rule: its version stands for its digest."""
    version = metadata.version(name)
    digest = hashlib.sha256(f"{name}=={version}".encode()).hexdigest()
    return RulePack(name, version, f"sha256:{digest}")


def data(name: str, file: str, rules: Path = RULES) -> bytes:
    """One data file of a pack; raises RulePackError."""
    try:
        return (rules / name / file).read_bytes()
    except OSError as fault:
        raise RulePackError(f"The rule pack {name} has no {file}.") from fault
