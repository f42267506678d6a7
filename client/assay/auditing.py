"""What is installed, held against what its marketplaces have withdrawn since."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay import config
from assay.api import Api
from assay.config import Login
from assay.faults import FaultError
from assay.installing import Installed, read_record, withdrawn
from assay.names import split_release
from assay.publishing import status
from assay.verifying import RECORD

CERTIFIED, YANKED, UNREADABLE, UNKNOWN = "certified", "yanked", "unreadable", "unknown"
#: States in which an install is not to be used any longer.
WITHDRAWN = frozenset({"revoked", "quarantined"})


@dataclass(frozen=True, slots=True)
class Finding:
    """How one installed folder stands."""

    path: str
    package: str
    version: str
    state: str
    reason: str = ""


def audit(paths: list[Path]) -> list[Finding]:
    """Ask each marketplace about the installs that came from it; raises FaultError when one cannot
    be reached, for silence is no good news."""
    desks: dict[str, _Desk] = {}
    found = []
    for path in paths:
        try:
            record = read_record(path)
            package, version = split_release(f"{record.package}@{record.version}")
        except FaultError as fault:
            found.append(Finding(str(path), "", "", UNREADABLE, str(fault)))
            continue
        if record.url not in desks:
            desks[record.url] = _Desk(record.url)
        found.append(Finding(str(path), package, version, *desks[record.url].state(record)))
    for desk in desks.values():
        desk.close()
    return found


def known() -> list[Path]:
    """Folders of this user's installs that still hold one."""
    return [Path(path) for path in config.installs() if Path(path, RECORD).exists()]


class _Desk:
    """What one marketplace says, asked once."""

    def __init__(self, url: str) -> None:
        self._api = Api(_login(url))
        self._gone: dict[tuple[str, str], dict[str, Any]] | None = None

    def close(self) -> None:
        """End the session."""
        self._api.close()

    def state(self, record: Installed) -> tuple[str, str]:
        """State of one install, and why."""
        if self._gone is None:
            self._gone = {(str(g["package"]), str(g["version"])): g for g in withdrawn(self._api)}
        gone = self._gone.get((record.package, record.version))
        return (str(gone["state"]), str(gone["reason"])) if gone else self._listed(record)

    def _listed(self, record: Installed) -> tuple[str, str]:
        try:
            version = status(self._api, record.package, record.version)
        except FaultError as fault:
            if fault.problem != "not-found":
                raise
            return UNKNOWN, str(fault)
        if version["digest"] != record.digest:
            return UNKNOWN, "the marketplace has other files under this version"
        return (YANKED, str(version["yankReason"])) if version["yanked"] else (CERTIFIED, "")


def _login(url: str) -> Login:
    """The sign-in for that marketplace; without a token where we are not signed in."""
    try:
        signed_in = config.login()
    except FaultError:
        return Login(url)
    return signed_in if signed_in.url == url else Login(url)
