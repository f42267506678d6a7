"""Content-addressed bytes over Django's storages: `blobs` keeps, `uploads` is the spool."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

CHUNK_BYTES = 1024 * 1024


class AtomicFileSystemStorage(FileSystemStorage):
    """Writes beside the target and renames, so that no name ever shows half of its bytes."""

    def _save(self, name: str, content: File) -> str:  # type: ignore[type-arg]
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as spool:
            temporary = Path(spool.name)
            try:
                for chunk in content.chunks(CHUNK_BYTES):
                    spool.write(chunk)
                spool.flush()
                temporary.replace(target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        target.chmod(0o640)
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name asked for: equal names hold equal bytes here, or a retried part."""
        return name


class HashingReader:
    """A readable stream over byte chunks that hashes and counts what passes through.

    Hashing happens chunk by chunk while the storage writes, so memory stays constant.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks: Iterator[bytes] = iter(chunks)
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        """sha256:<hex> of all that was read so far."""
        return "sha256:" + self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hash.update(chunk)
            self.size += len(chunk)
            yield chunk


class ChunkFile(File):  # type: ignore[type-arg]
    """A Django File over an iterator of chunks, read once and in order."""

    def __init__(self, source: Iterable[bytes], name: str) -> None:
        super().__init__(cast("IO[bytes]", None), name)
        self._source = source

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The chunks as the source gives them."""
        yield from self._source

    def __bool__(self) -> bool:
        return True


def blob_storage() -> Storage:
    """Where blobs are kept."""
    return storages["blobs"]


def spool_storage() -> Storage:
    """Where parts of open uploads wait."""
    return storages["uploads"]


def key(digest: str) -> str:
    """Storage name of a blob: `sha256/ab/abcdef...`."""
    hexadecimal = digest.removeprefix("sha256:")
    return f"sha256/{hexadecimal[:2]}/{hexadecimal}"


def open_blob(digest: str) -> BinaryIO:
    """The bytes for reading; raises FileNotFoundError."""
    return cast("BinaryIO", blob_storage().open(key(digest), "rb"))


def local_path(digest: str) -> Path | None:
    """Where the blob lies on this machine; None when the storage is elsewhere or it is gone."""
    try:
        path = Path(blob_storage().path(key(digest)))
    except NotImplementedError:
        return None
    return path if path.is_file() else None


def read_chunks(stream: BinaryIO, size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """The rest of a stream in chunks."""
    while chunk := stream.read(size):
        yield chunk
