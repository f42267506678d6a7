"""From declared names to names Assay accepts."""

import re


def suggested_name(declared: str) -> str:
    """A legal package name near the declared one: `@scope/My Tool` becomes `my-tool`."""
    bare = declared.rsplit("/", 1)[-1].casefold()
    plain = re.sub(r"[^a-z0-9._-]+", "-", bare, flags=re.ASCII)[:100]
    return plain.strip("._-")
