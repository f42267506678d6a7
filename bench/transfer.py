"""Upload and download through the running product against a plain copy of the same bytes.

    python -m bench.transfer [MEGABYTES]     # needs `make run` in another terminal

Prints a table of MB/s and ratios and writes bench/results/transfer.json. A ratio is to a plain
copy-and-hash of the same file on the same disk in the same run, so it means something anywhere.
"""

import base64
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from marketplace.settings.base import ASSAY_HOME

PART = 16 * 1024 * 1024
RESULTS = Path(__file__).parent / "results"


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def copy_and_hash(source: Path, target: Path) -> None:
    """The floor: read once, hash, write."""
    hasher = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(1024 * 1024):
            hasher.update(chunk)
            writer.write(chunk)


def content_digest(part: bytes) -> str:
    """RFC 9530 Content-Digest of one part."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(part).digest()).decode()}:"


def upload(api: httpx.Client, source: Path) -> str:
    """Announce, send and inspect one file; returns the upload's id."""
    with source.open("rb") as reader:
        digest = hashlib.file_digest(reader, "sha256").hexdigest()
    announced = {"path": source.name, "size": source.stat().st_size, "digest": f"sha256:{digest}"}
    opened = api.post("uploads/", json={"files": [announced]}).raise_for_status().json()
    file = opened["files"][0]
    with source.open("rb") as reader:
        for number in range(1, file["parts"] + 1):
            part = reader.read(PART)
            api.put(
                f"uploads/{opened['id']}/files/{file['id']}/parts/{number}",
                content=part,
                headers={"Content-Digest": content_digest(part)},
            ).raise_for_status()
    return str(opened["id"])


def download(api: httpx.Client, url: str) -> None:
    """Read the whole body and throw it away, hashing as an installer does."""
    hasher = hashlib.sha256()
    with api.stream("GET", url) as response:
        response.raise_for_status()
        for chunk in response.iter_bytes(1024 * 1024):
            hasher.update(chunk)


def safetensors(path: Path, size: int) -> None:
    """A legal safetensors file of about that many bytes."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    header += b" " * (-len(header) % 8)
    block = os.urandom(1024 * 1024)
    with path.open("wb") as writer:
        writer.write(len(header).to_bytes(8, "little") + header)
        for _ in range(size // len(block)):
            writer.write(block)


def certified(api: httpx.Client, version: dict[str, str]) -> str:
    """Wait for the end of the certification; returns the version's state."""
    while True:
        url = f"packages/{version['package']}/versions/{version['version']}/"
        state = str(api.get(url).raise_for_status().json()["state"])
        if state not in {"submitted", "certifying"}:
            return state
        time.sleep(0.1)


def main() -> None:
    """Measure and print."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    credentials = json.loads((ASSAY_HOME / "credentials.json").read_text())
    api = httpx.Client(
        base_url=f"{credentials['url']}/api/v1/",
        headers={"Authorization": f"Bearer {credentials['tokens']['publisher']}"},
        timeout=600,
    )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "model.safetensors"
        safetensors(source, megabytes * 1024 * 1024)
        floor = seconds(lambda: copy_and_hash(source, Path(folder) / "copy"))
        plain = seconds(lambda: shutil.copyfile(source, Path(folder) / "copy"))
        ids: list[str] = []
        sent = seconds(lambda: ids.append(upload(api, source)))
        body = {"name": "examples/bench", "version": f"t{time.time_ns()}"}
        versions: list[dict[str, str]] = []
        published = seconds(
            lambda: versions.append(
                api.post(f"uploads/{ids[0]}/publish", json=body).raise_for_status().json()
            )
        )
        states: list[str] = []
        judged = seconds(lambda: states.append(certified(api, versions[0])))
        version = versions[0]
        url = f"packages/{version['package']}/versions/{version['version']}/files/{source.name}"
        got = seconds(lambda: download(api, url)) if states[0] == "approved" else 0.0
    rows = {
        "plain copy": plain,
        "copy and hash": floor,
        "upload": sent,
        "assemble and publish": published,
        "certify": judged,
        "download": got,
    }
    for name, took in rows.items():
        rate = megabytes / took if took else 0
        print(f"{name:22} {took:7.2f} s {rate:8.0f} MB/s   {took / floor:5.1f} x copy and hash")
    print(f"ended {states[0]}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "transfer.json").write_text(json.dumps({"megabytes": megabytes, **rows}, indent=2))


if __name__ == "__main__":
    main()
