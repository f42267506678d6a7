"""`assay`: the commands."""

import dataclasses
import io
import json as json_text
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from assay import auditing, config, installing, locking, publishing, screen
from assay.api import Api
from assay.config import Login, Trust
from assay.faults import Exit, FaultError
from assay.names import split_name, split_release, version_path
from assay.placing import check_files
from assay.verifying import verify as verify_documents

app = typer.Typer(
    help="Publish, verify and install certified AI agents and models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Name = Annotated[str, typer.Argument(help="namespace/name[@version]")]


@app.command()
def login(
    url: Annotated[str, typer.Option(help="Address of the installation.", envvar="ASSAY_URL")],
    token: Annotated[str, typer.Option(prompt="Token", hide_input=True, envvar="ASSAY_TOKEN")],
    new_trust: Annotated[
        bool, typer.Option("--accept-new-trust", help="Pin the trust root shown now.")
    ] = False,
    json: Json = False,
) -> None:
    """Sign in with an API token, and pin the installation's trust root."""
    signed_in = Login(url.rstrip("/"), token.strip())
    api = Api(signed_in)
    if not _is_private(signed_in.url):
        screen.say("Warning: this address is not https; others on the way can read the token.")
    me = api.json("GET", "/api/v1/me")
    trust_of(api, accept_new=new_trust)
    config.keep_login(signed_in)
    screen.result(me, as_json=json, text=f"Signed in to {signed_in.url} as {me['username']}.")


@app.command()
def logout(json: Json = False) -> None:
    """Forget the sign-in. Pinned trust and installs are kept."""
    known = config.forget_login()
    text = "Signed out." if known else "You were not signed in."
    screen.result({"signedOut": known}, as_json=json, text=text)


@app.command()
def search(
    text: Annotated[str, typer.Argument()] = "",
    kind: Annotated[str, typer.Option(help="agent or model")] = "",
    form: Annotated[str, typer.Option("--format", help="mcp-server, skill, gguf ...")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Packages at the most.")] = 100,
    json: Json = False,
) -> None:
    """Search the certified catalogue."""
    query = {"q": text, "kind": kind, "format": form}
    asked = {key: value for key, value in query.items() if value}
    found: list[Any] = []
    for page in Api(config.login()).pages("/api/v1/packages/", params=asked):
        found += page
        if len(found) >= limit:
            break
    del found[limit:]
    if json:
        screen.result({"results": found}, as_json=True, text="")
    elif not found:
        screen.say("Nothing certified matches.")
    else:
        screen.table(
            found,
            {"name": "NAME", "version": "VERSION", "format": "FORMAT", "summary": "SUMMARY"},
        )


@app.command()
def show(name: Name, json: Json = False) -> None:
    """Show a package, or one version of it."""
    api = Api(config.login())
    package, version = split_name(name)
    path = version_path(package, version) if version else f"/api/v1/packages/{package}"
    document = api.json("GET", f"{path}/")
    screen.result(document, as_json=json, text=_described(document.get("latest") or document))


@app.command()
def publish(
    path: Annotated[Path, typer.Argument(help="A file, a folder or an archive.")],
    *,
    name: Annotated[str, typer.Option(help="namespace/name; default: as declared")] = "",
    version: Annotated[str, typer.Option(help="default: as declared")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the verdict.")] = False,
    wait_review: Annotated[
        bool, typer.Option("--wait-review", help="Wait for the reviewer, too.")
    ] = False,
    json: Json = False,
) -> None:
    """Upload a version and start its certification; run it again to resume."""
    api = Api(config.login())
    files = publishing.collect(path, screen.say)
    with screen.bar("Uploading", sum(file.size for file in files)) as progress:
        upload = publishing.upload(api, files, progress)
    published = publishing.publish(api, files, upload, name=name, version=version)
    label = f"{published['package']}@{published['version']}"
    screen.say(f"{label} is submitted.")
    if wait or wait_review:
        now = _followed(api, published, review=wait_review)
        published = publishing.status(api, published["package"], published["version"])
        screen.result({**published, "reasons": now["reasons"]}, as_json=json, text=_verdict(now))
        _exit_as(now["state"])
    else:
        screen.result(published, as_json=json, text=label)


@app.command()
def status(name: Name, json: Json = False) -> None:
    """Where the certification of a version stands."""
    api = Api(config.login())
    package, version = split_release(name)
    document = publishing.status(api, package, version)
    now: dict[str, Any] = {**document, "reasons": []}
    if document["certification"]:
        now = api.json("GET", f"/api/v1/certifications/{document['certification']}/")
    screen.result(now, as_json=json, text=_verdict({**now, "state": document["state"]}))
    _exit_as(document["state"])


@app.command()
def install(
    name: Name,
    to: Annotated[Path | None, typer.Option(help="Folder; default: the package's name.")] = None,
    json: Json = False,
) -> None:
    """Verify a version's certificate, then install exactly what it covers."""
    api = Api(config.login())
    package, version = installing.resolve(api, name)
    target = _absolute(to or Path(package.split("/")[1]))
    installing.check_target(target, package)
    verified, proof = installing.prove(api, package, version, trust_of(api))
    with screen.bar("Installing", verified.size) as progress:
        installing.install(api, verified, proof, target, progress)
    outcome = {
        "package": package,
        "version": version,
        "path": str(target),
        "manifestDigest": verified.manifest_digest,
        "verified": True,
        "timestamped": _timestamped(f"{package}@{version}", proof.timestamp),
    }
    screen.result(
        outcome, as_json=json, text=f"{package}@{version} is verified and installed in {target}."
    )


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A folder that assay installed.")], json: Json = False
) -> None:
    """Verify an installed folder again, without network."""
    record = installing.read_record(path)
    trust = config.pinned_trust(record.url)
    if trust is None:
        raise FaultError(f"No trust is pinned for {record.url}: run `assay login`.", Exit.USAGE)
    verified = verify_documents(
        record.manifest,
        record.bundle,
        trust,
        package=record.package,
        version=record.version,
        timestamp=record.timestamp,
    )
    check_files(path, verified)
    expired = installing.is_expired(verified)
    if expired:
        screen.say(
            f"Its certificate ended on {verified.expires_at:%Y-%m-%d}: look for a newer one."
        )
    outcome = {
        "package": record.package,
        "version": record.version,
        "verified": True,
        "expired": expired,
        "timestamped": _timestamped(f"{record.package}@{record.version}", record.timestamp),
    }
    screen.result(
        outcome, as_json=json, text=f"{record.package}@{record.version} is what was certified."
    )


@app.command()
def audit(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: all installs.")] = None,
    json: Json = False,
) -> None:
    """Compare what is installed with what was withdrawn; exit code 5 when something was."""
    found = auditing.audit([_absolute(path) for path in paths] if paths else auditing.known())
    rows = [dataclasses.asdict(finding) for finding in found]
    if json:
        screen.result(rows, as_json=True, text="")
    elif not rows:
        screen.say("Nothing is installed.")
    else:
        screen.table(rows, {key: key.upper() for key in rows[0]})
    if any(finding.state in auditing.WITHDRAWN for finding in found):
        raise typer.Exit(Exit.WITHDRAWN)
    if any(finding.state in {auditing.UNREADABLE, auditing.UNKNOWN} for finding in found):
        raise typer.Exit(Exit.FAILED)


@app.command()
def lock(
    names: Annotated[list[str], typer.Argument(help="namespace/name[@version] ...")],
    file: Annotated[Path, typer.Option(help="Where to write the lock.")] = Path("assay.lock"),
    json: Json = False,
) -> None:
    """Resolve and verify packages, and write down exactly what `sync` shall install."""
    api = Api(config.login())
    document = locking.lock(api, names, trust_of(api))
    file.write_text(json_text.dumps(document, indent=2) + "\n")
    count = len(document["packages"])
    screen.result(document, as_json=json, text=f"{file} holds {count} packages.")


@app.command()
def sync(
    file: Annotated[Path, typer.Argument(help="A lock file.")] = Path("assay.lock"),
    to: Annotated[Path, typer.Option(help="Folder; packages go to namespace/name.")] = Path(
        "packages"
    ),
    json: Json = False,
) -> None:
    """Install what a lock file holds, each package verified against its locked digest."""
    wanted = locking.read_lock(file)
    api = Api(config.login())
    trust = trust_of(api)
    placed = []
    for locked in wanted:
        with screen.bar(locked.package, locked.size) as progress:
            target = locking.sync(api, locked, trust, _absolute(to), progress)
        _timestamped(f"{locked.package}@{locked.version}", installing.read_record(target).timestamp)
        placed.append({"package": locked.package, "version": locked.version, "path": str(target)})
    screen.result(placed, as_json=json, text=f"{len(placed)} packages are installed in {to}.")


def trust_of(api: Api, *, accept_new: bool = False) -> Trust:
    """The pinned trust of an installation; fetched and pinned the first time it is met.

    Raises FaultError (UNVERIFIED) when the installation now shows another one.
    """
    served = api.json("GET", "/trust/identity.json")
    now = Trust(api.data("/trust/trust_config.json").decode(), served["identity"], served["issuer"])
    pinned = config.pinned_trust(api.url)
    if pinned is None or (accept_new and pinned != now):
        config.pin_trust(api.url, now)
        screen.say(f"Trusting the certifier {now.identity} from now on.")
        return now
    if pinned != now:
        raise FaultError(
            f"{api.url} shows another trust root or certifier than the one pinned at first sight. "
            "This may be an attack: ask its operator. If they confirm the change, run "
            "`assay login --accept-new-trust`.",
            Exit.UNVERIFIED,
        )
    return pinned


def _followed(api: Api, published: dict[str, Any], *, review: bool) -> dict[str, Any]:
    pending = publishing.PENDING | (publishing.IN_REVIEW if review else frozenset())
    label = f"{published['package']}@{published['version']}"
    try:
        return publishing.follow(api, published, screen.check, pending=pending)
    except KeyboardInterrupt as stop:
        raise FaultError(
            f"Stopped waiting; the certification goes on. See `assay status {label}`."
        ) from stop


def _is_private(url: str) -> bool:
    """Whether nobody on the way can read along."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"}


def _timestamped(release: str, timestamp: bytes) -> bool:
    """Whether a certificate has a timestamp of its own; one that has not is said."""
    if not timestamp:
        screen.say(
            f"{release} has no timestamp beside its certificate: its time is the bundle's alone."
        )
    return bool(timestamp)


def _absolute(path: Path) -> Path:
    """Absolute, with links resolved but for the last part: it may be a link in the way."""
    return path.parent.resolve() / path.name if path.name not in {"", ".."} else path.resolve()


def _described(version: dict[str, Any]) -> str:
    if "package" not in version:
        return f"{version['name']} has no certified version."
    declared = version["descriptor"]
    certificate = version["certificate"]
    lines = [
        f"{version['package']}@{version['version']}  {version['state']}",
        declared["summary"],
        f"format       {version['format']}",
        f"licence      {declared['licence'] or 'not declared'}",
        f"digest       {version['digest']}",
        f"files        {len(version['files'])}, {version['size']} bytes",
    ]
    for need, items in declared["permissions"].items():
        if items:
            lines.append(f"{need:<12} {', '.join(items)}")
    if certificate:
        lines.append(f"certificate  log entry {certificate['logIndex']}, {certificate['issuedAt']}")
    return "\n".join(line for line in lines if line)


def _verdict(now: dict[str, Any]) -> str:
    words = {
        "approved": "Approved: it is signed and in the catalogue.",
        "in_review": "In review: waiting for a reviewer.",
        "rejected": "Rejected.",
    }
    lines = [words.get(now["state"], now["state"].replace("_", " ").capitalize() + ".")]
    if now["state"] in {"rejected", "in_review"}:
        lines += [f"- {reason}" for reason in now["reasons"]]
    return "\n".join(lines)


def _exit_as(state: str) -> None:
    codes = {
        "rejected": Exit.REFUSED,
        "revoked": Exit.WITHDRAWN,
        "quarantined": Exit.WITHDRAWN,
    }
    if state in codes:
        raise typer.Exit(codes[state])


def run() -> None:
    """The console script: faults become a sentence and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no “ or ✓
    try:
        app()
    except FaultError as fault:
        screen.fault(str(fault))
        sys.exit(fault.code)
    except OSError as fault:
        screen.fault(f"{fault.filename or 'This machine'}: {fault.strerror or fault}.")
        sys.exit(Exit.FAILED)
    except KeyboardInterrupt:
        screen.fault("Stopped.")
        sys.exit(Exit.FAILED)
