"""Who asks: tokens, namespaces, events."""

from datetime import datetime

from django.utils import timezone
from rest_framework import serializers

from marketplace.api.v1.serializers.camel import CamelSerializer
from registry.domain.tokens import Scope
from registry.models import OrganisationRole

SCOPES = [scope.value for scope in Scope]


def in_the_future(moment: datetime) -> None:
    """Raises ValidationError for a moment that has passed."""
    if moment <= timezone.now():
        raise serializers.ValidationError("This moment has passed.")


class TokenSerializer(CamelSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    hint = serializers.CharField(help_text="How the secret begins.")
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class IssuedTokenSerializer(TokenSerializer):
    secret = serializers.CharField(help_text="Shown this once.")


class IssueSerializer(CamelSerializer):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(SCOPES), allow_empty=False, max_length=len(SCOPES)
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, validators=[in_the_future]
    )


class NamespaceSerializer(CamelSerializer):
    name = serializers.CharField()
    organisation = serializers.CharField(source="organisation.slug")
    role = serializers.ChoiceField(OrganisationRole.values)
    verified = serializers.SerializerMethodField()

    def get_verified(self, namespace: object) -> bool:
        """Whether its owner proved to be who they say."""
        return getattr(namespace, "verified_at", None) is not None


class MeSerializer(CamelSerializer):
    username = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES))
    namespaces = serializers.ListField(child=serializers.CharField())


class EventSerializer(CamelSerializer):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(source="actor.username", default=None, allow_null=True)
    organisation = serializers.CharField(source="organisation.slug", default=None, allow_null=True)
    verb = serializers.CharField()
    package = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]
