"""RFC 9457."""

from rest_framework import serializers

from marketplace.api.v1.serializers.camel import CamelSerializer


class ProblemErrorSerializer(CamelSerializer):
    detail = serializers.CharField()
    pointer = serializers.CharField(help_text="JSON pointer (RFC 6901) into the request.")


class ProblemSerializer(CamelSerializer):
    type = serializers.CharField(help_text="`urn:assay:problem:<code>`; codes are stable.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="One sentence that says what to do.")
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]
