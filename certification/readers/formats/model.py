"""Models: one weights file (with or without a card), or a folder of them."""

from dataclasses import replace

from certification.readers.formats.naming import suggested_name
from certification.readers.formats.weights import weights_format
from certification.readers.manifest_text import (
    ManifestError,
    front_matter,
    has,
    json_object,
    text,
    texts,
)
from certification.readers.tree import FileTree
from registry.domain.descriptor import Descriptor
from registry.domain.identifiers import Format

MAX_SNIFFED = 2_000
_CARD_KEYS = frozenset(
    {"license", "library_name", "pipeline_tag", "base_model", "model-index", "model_name"}
)
_CONFIG_KEYS = frozenset({"model_type", "architectures", "_class_name", "tokenizer_class"})


def recognise(tree: FileTree) -> Descriptor | None:
    """The model's declaration, or None when nothing here is a model; raises ManifestError."""
    found = _format(tree)
    card = _card(tree)
    if found is None and (card is None or not card.licence) and not _has_config(tree):
        return None
    plain = card or Descriptor(format=Format.MODEL_FOLDER)
    name = plain.name or _file_name(tree)
    return replace(plain, format=found or Format.MODEL_FOLDER, name=name)


def _format(tree: FileTree) -> Format | None:
    kinds = [
        (file, kind)
        for file in tree.files()[:MAX_SNIFFED]
        if (kind := weights_format(tree, file)) is not None
    ]
    if _is_saved_model(tree) or any(".mlpackage/" in file.path for file in tree.files()):
        return Format.MODEL_FOLDER
    if not kinds:
        return None
    return kinds[0][1] if len(kinds) == 1 else Format.MODEL_FOLDER


def _is_saved_model(tree: FileTree) -> bool:
    return any(f.path.endswith(("saved_model.pb", "saved_model.pbtxt")) for f in tree.files())


def _card(tree: FileTree) -> Descriptor | None:
    """The model card, read from README.md; a card without front matter is a readme only."""
    if not has(tree, "README.md"):
        return None
    data, body = front_matter(tree, "README.md")
    base = data.get("base_model")
    heading = next((line[2:] for line in body.splitlines() if line.startswith("# ")), "")
    return Descriptor(
        format=Format.MODEL_FOLDER,
        name=suggested_name(text(data.get("model_name")) or text(heading, 100)),
        version=text(data.get("version")),
        title=text(data.get("model_name")) or text(heading, 200),
        summary=text(data.get("description")) or _first_paragraph(body),
        licence=(text(data.get("license")) or "unknown") if _CARD_KEYS & data.keys() else "",
        base_model=next(iter(texts(base)), ""),
        source="README.md",
        readme=body[: 64 * 1024],
    )


def _first_paragraph(body: str) -> str:
    blocks = (block.strip() for block in body.split("\n\n"))
    return text(next((b for b in blocks if b and b[0] not in "#<!|[`-"), ""), 500)


def _has_config(tree: FileTree) -> bool:
    for name in ("config.json", "tokenizer_config.json"):
        if not has(tree, name):
            continue
        try:
            if _CONFIG_KEYS & json_object(tree, name).keys():
                return True
        except ManifestError:
            continue
    return False


def _file_name(tree: FileTree) -> str:
    files = tree.files()
    return (
        suggested_name(files[0].path.rsplit("/", 1)[-1].partition(".")[0])
        if len(files) == 1
        else ""
    )
