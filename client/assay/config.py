"""What is kept between commands: sign-ins, pinned trust, installs, uploads under way."""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

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
    """$ASSAY_CONFIG_DIR, else where the platform keeps settings (~/.config/assay on Linux)."""
    return Path(os.environ.get("ASSAY_CONFIG_DIR") or typer.get_app_dir("assay"))


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
    if not kept:
        return None
    try:
        return Trust(**kept)
    except TypeError as fault:
        raise FaultError("The pinned trust is damaged: sign in again.", Exit.USAGE) from fault


def pin_trust(url: str, trust: Trust) -> None:
    """Pin the trust of an installation; from now on only this is believed."""
    _write(
        f"trust-{_mark(url)}.json",
        {"config": trust.config, "identity": trust.identity, "issuer": trust.issuer},
    )


def installs() -> dict[str, str]:
    """Folders that `assay install` filled: absolute path -> namespace/name@version."""
    kept = [
        _read(f"installs/{path.name}") for path in sorted((folder() / "installs").glob("*.json"))
    ]
    return {item["path"]: item["name"] for item in kept if item}


def note_install(path: Path, name: str) -> None:
    """Remember an install, for `assay audit`. One file each, so that installs that run at the
    same time do not forget each other."""
    _write(f"installs/{_mark(str(path))}.json", {"path": str(path), "name": name})


def upload_under_way(url: str, digest: str) -> str:
    """The id of an upload of the same files that was cut short; empty when there is none."""
    return str(_read(_upload_name(url, digest)).get("id", ""))


def note_upload(url: str, digest: str, upload: str) -> None:
    """Remember an upload until it is published; an empty id forgets it."""
    if upload:
        _write(_upload_name(url, digest), {"url": url, "id": upload})
    else:
        (folder() / _upload_name(url, digest)).unlink(missing_ok=True)


def _upload_name(url: str, digest: str) -> str:
    return f"uploads/{_mark(url)}-{digest}.json"


def _mark(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _read(name: str) -> dict[str, Any]:
    """A file of ours, empty when there is none. One that cannot be read is a fault: taking it for
    absent would pin whatever trust root is shown next."""
    path = folder() / name
    try:
        data = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as fault:
        raise FaultError(f"{path} is damaged: repair or remove it.", Exit.USAGE) from fault
    if not isinstance(data, dict):
        raise FaultError(f"{path} is damaged: repair or remove it.", Exit.USAGE)
    return data


def _write(name: str, data: dict[str, Any]) -> None:
    """Replace a file in one step; readable by its owner only."""
    place = folder() / name
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, staged = tempfile.mkstemp(dir=place.parent, prefix=".staged-")  # mode 0600
    try:
        with os.fdopen(handle, "w") as target:
            json.dump(data, target, indent=2)
        Path(staged).replace(place)
    except BaseException:
        Path(staged).unlink(missing_ok=True)
        raise
