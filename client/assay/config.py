"""What is kept between commands: sign-ins, pinned trust, installs, uploads under way."""

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.faults import Exit, FaultError


@dataclass(frozen=True, slots=True)
class Login:
    """Where commands go and as whom; `token` may be empty for reading."""

    url: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """The trust configuration and certifier that were pinned for one installation."""

    config: str
    identity: str
    issuer: str


def folder() -> Path:
    """$ASSAY_CONFIG_DIR, else $XDG_CONFIG_HOME/assay, else ~/.config/assay."""
    own = os.environ.get("ASSAY_CONFIG_DIR")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "assay"


def login() -> Login:
    """From ASSAY_URL and ASSAY_TOKEN, else as `assay login` left it; raises FaultError."""
    kept = _read("login.json")
    url = os.environ.get("ASSAY_URL") or kept.get("url", "")
    if not url:
        raise FaultError("You are not signed in: run `assay login --url URL` first.", Exit.USAGE)
    own = kept.get("token", "") if url.rstrip("/") == kept.get("url") else ""
    return Login(url.rstrip("/"), os.environ.get("ASSAY_TOKEN") or own)


def keep_login(signed_in: Login) -> None:
    """Remember a sign-in."""
    _write("login.json", {"url": signed_in.url, "token": signed_in.token})


def forget_login() -> bool:
    """Forget it; false when there was none."""
    path = folder() / "login.json"
    known = path.exists()
    path.unlink(missing_ok=True)
    return known


def pinned_trust(url: str) -> Trust | None:
    """What was pinned for this installation, if anything."""
    kept = _read(f"trust-{_mark(url)}.json")
    return Trust(**kept) if kept else None


def pin_trust(url: str, trust: Trust) -> None:
    """Pin the trust of an installation; from now on only this is believed."""
    _write(
        f"trust-{_mark(url)}.json",
        {"config": trust.config, "identity": trust.identity, "issuer": trust.issuer},
    )


def installs() -> dict[str, str]:
    """Folders that `assay install` filled: absolute path -> namespace/name@version."""
    return dict(_read("installs.json"))


def note_install(path: Path, name: str) -> None:
    """Remember an install, for `assay audit`."""
    _write("installs.json", {**installs(), str(path): name})


def upload_under_way(url: str, digest: str) -> str:
    """The id of an upload of the same files that was cut short; empty when there is none."""
    return str(_read("uploads.json").get(f"{_mark(url)}:{digest}", ""))


def note_upload(url: str, digest: str, upload: str) -> None:
    """Remember an upload until it is published; an empty id forgets it."""
    kept = _read("uploads.json")
    key = f"{_mark(url)}:{digest}"
    kept.pop(key, None)
    _write("uploads.json", {**kept, key: upload} if upload else kept)


def _mark(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _read(name: str) -> dict[str, Any]:
    with contextlib.suppress(FileNotFoundError, ValueError):
        data = json.loads((folder() / name).read_text())
        return data if isinstance(data, dict) else {}
    return {}


def _write(name: str, data: dict[str, Any]) -> None:
    """Replace a file in one step; readable by its owner only."""
    place = folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = place / f".{name}.{os.getpid()}"
    with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
        json.dump(data, target, indent=2)
    staged.replace(place / name)
