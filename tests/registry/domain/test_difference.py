from registry.domain.descriptor import Permissions
from registry.domain.difference import Contents, compare


def test_what_is_new_gone_and_changed():
    old = Contents(
        "1.0.0",
        {"same": "1", "changed": "1", "gone": "1"},
        Permissions(network=("a.example",), read=("x",)),
        {"t": "1", "u": "1", "v": "1"},
    )
    new = Contents(
        "1.1.0",
        {"same": "1", "changed": "2", "new": "1"},
        Permissions(network=("a.example", "b.example")),
        {"t": "1", "u": "2", "w": "1"},
    )
    difference = compare(old, new)
    assert difference.base == "1.0.0"
    assert difference.files_added == ("new",)
    assert difference.files_removed == ("gone",)
    assert difference.files_changed == ("changed",)
    assert difference.permissions_added == ("network: b.example",)
    assert difference.permissions_removed == ("read: x",)
    assert difference.tools_added == ("w",)
    assert difference.tools_removed == ("v",)
    assert difference.tools_changed == ("u",)
