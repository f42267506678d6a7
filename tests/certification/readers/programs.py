"""Small programs, hostile and honest, and what is to be seen in them."""

import tomllib
from pathlib import Path

_ASSETS = Path(__file__).resolve().parents[2] / "assets" / "code"


def programs(language: str) -> dict[str, list[dict[str, str]]]:
    """The samples of a language by what they are for."""
    return tomllib.loads((_ASSETS / f"{language}.toml").read_text("utf-8"))
