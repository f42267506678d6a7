"""camelCase on the wire, snake_case in the program."""

from typing import Any

from rest_framework import serializers


def camel(name: str) -> str:
    """`approved_at` to `approvedAt`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class CamelSerializer(serializers.Serializer[Any]):
    """Fields declared in snake_case are read and written in camelCase."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The declared fields under their names on the wire."""
        fields = {}
        for name, field in super().get_fields().items():
            wire = camel(name)
            if isinstance(field, serializers.SerializerMethodField):
                field.method_name = field.method_name or f"get_{name}"
            elif wire != name and field.source is None:
                field.source = name
            fields[wire] = field
        return fields
