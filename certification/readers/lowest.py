"""The lowest version that a range of versions allows."""

import re

from certification.readers.components import Component, Ecosystem

#: What stands for the first version where a range has no lower end, by both ecosystems' forms.
NO_LOWER_END = frozenset({"0", "0.0.0"})
_LOWER = re.compile(
    r"(?:^|[\s,|(])(?:>=|~=|\^|~>|~|===?|=|>)?v?(\d+(?:\.\d+)*(?:-[0-9a-zA-Z.-]+)?)"
)
_SPACED = re.compile(r"([<>=~^!])\s+")
_PARTS = 3


def lowest_allowed(component: Component) -> str:
    """The lower end of the first alternative of its constraint; that of `> 1` is 1 itself.

    A constraint without a lower end, or one that cannot be read, begins with the first version.
    """
    found = _LOWER.search(_SPACED.sub(r"\1", component.constraint))
    version = found[1] if found else "0"
    if component.ecosystem is Ecosystem.NPM and "-" not in version:
        return ".".join([*version.split("."), "0", "0"][:_PARTS])
    return version
