"""`assay`: the commands."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from assay import config, installing, publishing, screen
from assay.api import Api, split_name, version_path
from assay.config import Login, Trust
from assay.faults import Exit, FaultError
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
    url: Annotated[str, typer.Option(help="Address of the installation.")],
    token: Annotated[str, typer.Option(prompt="Token", hide_input=True, envvar="ASSAY_TOKEN")],
    json: Json = False,
) -> None:
    """Sign in with an API token, and pin the installation's trust root."""
    signed_in = Login(url.rstrip("/"), token.strip())
    api = Api(signed_in)
    me = api.json("GET", "/api/v1/me")
    trust_of(api)
    config.keep_login(signed_in)
    screen.result(me, as_json=json, text=f"Signed in to {signed_in.url} as {me['username']}.")


@app.command()
def logout() -> None:
    """Forget the sign-in. Pinned trust and installs are kept."""
    screen.say("Signed out." if config.forget_login() else "You were not signed in.")


@app.command()
def search(
    text: Annotated[str, typer.Argument()] = "",
    kind: Annotated[str, typer.Option(help="agent or model")] = "",
    format: Annotated[str, typer.Option(help="mcp-server, skill, gguf ...")] = "",  # noqa: A002 — the option's name
    json: Json = False,
) -> None:
    """Search the certified catalogue."""
    query = {"q": text, "kind": kind, "format": format}
    found = Api(config.login()).json(
        "GET", "/api/v1/packages/", params={key: value for key, value in query.items() if value}
    )
    if json:
        screen.result(found, as_json=True, text="")
    elif not found["results"]:
        screen.say("Nothing certified matches.")
    else:
        screen.table(
            found["results"],
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
    name: Annotated[str, typer.Option(help="namespace/name; default: as declared")] = "",
    version: Annotated[str, typer.Option(help="default: as declared")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the verdict.")] = False,
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
    if wait:
        now = publishing.follow(api, published, screen.check)
        published = publishing.status(api, published["package"], published["version"])
        screen.result({**published, "reasons": now["reasons"]}, as_json=json, text=_verdict(now))
        _exit_as(now["state"])
    else:
        screen.result(published, as_json=json, text=label)


@app.command()
def status(name: Name, json: Json = False) -> None:
    """Where the certification of a version stands."""
    api = Api(config.login())
    package, version = split_name(name)
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
    split_name(name)
    package, version = installing.resolve(api, name)
    verified, manifest, bundle = installing.prove(api, package, version, trust_of(api))
    target = to or Path(package.split("/")[1])
    with screen.bar("Installing", sum(file.size for file in verified.files)) as progress:
        installing.install(api, verified, (manifest, bundle), target, progress)
    outcome = {"package": package, "version": version, "path": str(target.resolve())}
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
        record.manifest, record.bundle, trust, package=record.package, version=record.version
    )
    installing.check_files(path, verified)
    outcome = {"package": record.package, "version": record.version, "verified": True}
    screen.result(
        outcome, as_json=json, text=f"{record.package}@{record.version} is what was certified."
    )


@app.command()
def audit(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: all installs.")] = None,
    json: Json = False,
) -> None:
    """Compare what is installed with what was revoked; exit code 5 when something was."""
    api = Api(config.login())
    gone = {(item["package"], item["version"]): item for item in installing.withdrawn(api)}
    known = [Path(path) for path in config.installs() if Path(path, installing.RECORD).exists()]
    rows = []
    for path in paths or known:
        record = installing.read_record(path)
        notice = gone.get((record.package, record.version), {})
        rows.append(
            {
                "package": record.package,
                "version": record.version,
                "path": str(path),
                "state": notice.get("state", "certified"),
                "reason": notice.get("reason", ""),
            }
        )
    if json:
        screen.result(rows, as_json=True, text="")
    else:
        screen.table(
            rows,
            {"package": "PACKAGE", "version": "VERSION", "state": "STATE", "path": "PATH",
             "reason": "REASON"},
        )  # fmt: skip
    if any(row["state"] != "certified" for row in rows):
        raise typer.Exit(Exit.WITHDRAWN)


def trust_of(api: Api) -> Trust:
    """The pinned trust of an installation; fetched and pinned the first time it is met.

    Raises FaultError (UNVERIFIED) when the installation now shows another one.
    """
    served = api.json("GET", "/trust/identity.json")
    now = Trust(api.data("/trust/trust_config.json").decode(), served["identity"], served["issuer"])
    pinned = config.pinned_trust(api.url)
    if pinned is None:
        config.pin_trust(api.url, now)
        screen.say(f"Trusting the certifier {now.identity} from now on.")
        return now
    if pinned != now:
        raise FaultError(
            f"{api.url} shows another trust root than the one pinned at first sight. If its "
            "operator confirms the change, remove the trust-*.json file in the folder of "
            f"`assay`'s settings ({config.folder()}) and sign in again.",
            Exit.UNVERIFIED,
        )
    return pinned


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
        "in_review": "In review: a person decides now.",
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
    try:
        app()
    except FaultError as fault:
        screen.fault(str(fault))
        sys.exit(fault.code)
    except KeyboardInterrupt:
        screen.fault("Stopped. Run the command again to go on.")
        sys.exit(Exit.FAILED)
