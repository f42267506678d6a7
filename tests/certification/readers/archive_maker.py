"""Makes archives for tests, honest and hostile ones."""

import io
import tarfile
import zipfile


def zip_of(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A plain zip with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def zip_with(*members: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    """A zip with full control over each member's header."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for info, data in members:
            archive.writestr(info, data)
    return buffer.getvalue()


def special(name: str, mode: int) -> zipfile.ZipInfo:
    """A zip member with a Unix mode."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def tar_of(files: dict[str, bytes], mode: str = "w") -> bytes:
    """A tar (mode "w:gz" for a gzipped one) with these members."""
    return tar_with(*((tarfile.TarInfo(name), data) for name, data in files.items()), mode=mode)


def tar_with(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> bytes:
    """A tar with full control over each member's header."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()
