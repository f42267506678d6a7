"""Models: each weight file is loaded, and run where it can be, by a program of ours in the room."""

from collections.abc import Iterator
from pathlib import Path

from certification.ports import Limits, Observation, RunRequest, Sandbox
from certification.types import Subject
from registry.domain.identifiers import Format

_GUESTS = Path(__file__).parent / "guests"
_MAX_FILES = 10
_LIMITS = Limits(wall_seconds=60, cpu_seconds=50, memory_bytes=2 * 1024 * 1024 * 1024)

#: Suffix of the files and the program that loads one; what runs code by loading is never here.
LOADERS = {
    Format.SAFETENSORS: (".safetensors", "safetensors_load.py"),
    Format.ONNX: (".onnx", "onnx_load.py"),
    Format.GGUF: (".gguf", "gguf_load.py"),
}


def weight_files(subject: Subject) -> list[str]:
    """Paths of the files that `loads` would try, in the order of the subject."""
    suffix, _ = LOADERS[subject.format]
    return [file.path for file in subject.files if file.path.endswith(suffix)][:_MAX_FILES]


def loads(subject: Subject, sandbox: Sandbox) -> Iterator[tuple[str, Observation]]:
    """Each weight file by path, and what its run showed: JSON on stdout when it loaded.

    Raises SandboxUnavailableError.
    """
    _, program = LOADERS[subject.format]
    script = (_GUESTS / program).read_text(encoding="utf-8")
    for path in weight_files(subject):
        request = RunRequest(
            artifact=subject.root,
            command=("python", "/assay/script.py", f"./{path}"),
            runtime="python",
            script=script,
            model_libraries=subject.format is not Format.GGUF,
            observe=True,
            limits=_LIMITS,
        )
        yield path, sandbox.run(request)
