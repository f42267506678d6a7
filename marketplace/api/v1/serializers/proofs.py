"""Certifications, attestations, resolutions and revocations."""

from rest_framework import serializers

from certification.models import StageState
from certification.readers.osv import Severity
from certification.services.reviewing import MIN_REASON_CHARACTERS
from certification.types import Decision, Level
from marketplace.api.v1.serializers.camel import CamelSerializer
from marketplace.api.v1.serializers.versions import STATES
from registry.domain.states import State

MAX_NAMES = 500
WITHDRAWN_STATES = [State.REVOKED.value, State.QUARANTINED.value]


class LocationSerializer(CamelSerializer):
    path = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    offset = serializers.IntegerField(allow_null=True)


class FindingSerializer(CamelSerializer):
    rule = serializers.CharField()
    level = serializers.ChoiceField([level.value for level in Level])
    message = serializers.CharField()
    location = LocationSerializer(allow_null=True)
    fix = serializers.CharField()
    standards = serializers.ListField(child=serializers.CharField())
    patch = serializers.CharField(
        required=False, help_text="Unified diff; in it, credentials are masked."
    )


class CheckSerializer(CamelSerializer):
    id = serializers.CharField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    outcome = serializers.ChoiceField(
        ["waiting", "running", "passed", "failed", "not-applicable", "errored"]
    )
    findings = FindingSerializer(many=True)
    incomplete = serializers.CharField()


class StageSerializer(CamelSerializer):
    stage = serializers.CharField()
    state = serializers.ChoiceField(StageState.choices)
    current_check = serializers.CharField()
    checks = CheckSerializer(many=True)


class ProgressSerializer(CamelSerializer):
    """Documents `certification.services.reading.progress`, whose answer goes out as it is."""

    certification = serializers.IntegerField(allow_null=True)
    package = serializers.CharField()
    version = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    decision = serializers.ChoiceField(["", *(decision.value for decision in Decision)])
    reasons = serializers.ListField(child=serializers.CharField())
    stages = StageSerializer(many=True)


class AttestationSerializer(CamelSerializer):
    predicate_type = serializers.CharField()
    bundle = serializers.DictField(help_text="Sigstore bundle v0.3.")
    timestamp = serializers.CharField(
        allow_blank=True,
        help_text="Base64 of an RFC 3161 response over the bundle's signature, or empty.",
    )


class AttestationsSerializer(CamelSerializer):
    bundles = AttestationSerializer(many=True)


class ExposureSerializer(CamelSerializer):
    advisory = serializers.CharField(source="advisory.osv_id")
    aliases = serializers.ListField(source="advisory.aliases", child=serializers.CharField())
    summary = serializers.CharField(source="advisory.summary")
    severity = serializers.ChoiceField(
        source="advisory.severity", choices=[level.value for level in Severity]
    )
    malicious = serializers.BooleanField(source="advisory.malicious")
    ecosystem = serializers.CharField(source="component.ecosystem")
    component = serializers.CharField(source="component.name")
    release = serializers.CharField(source="component.release")
    fixed = serializers.CharField(help_text="The version that mends it; empty if none is known.")
    found_at = serializers.DateTimeField()


class ExposuresSerializer(CamelSerializer):
    advisories = ExposureSerializer(many=True)


class ReviewSerializer(CamelSerializer):
    decision = serializers.ChoiceField([Decision.APPROVE.value, Decision.REJECT.value])
    reason = serializers.CharField(allow_blank=True, max_length=4000)


class ReasonSerializer(CamelSerializer):
    reason = serializers.CharField(
        allow_blank=True,
        max_length=4000,
        help_text=f"At least {MIN_REASON_CHARACTERS} characters for certificates; kept for good.",
    )


class ResolveSerializer(CamelSerializer):
    names = serializers.ListField(
        child=serializers.CharField(max_length=240),
        allow_empty=False,
        max_length=MAX_NAMES,
        help_text="namespace/name or namespace/name@version",
    )


class ResolvedSerializer(CamelSerializer):
    name = serializers.CharField()
    version = serializers.CharField()
    digest = serializers.CharField()
    manifest_digest = serializers.CharField(allow_null=True)


class UnresolvedSerializer(CamelSerializer):
    name = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ResolutionSerializer(CamelSerializer):
    resolved = ResolvedSerializer(many=True)
    problems = UnresolvedSerializer(many=True)


class RevocationSerializer(CamelSerializer):
    package = serializers.CharField()
    version = serializers.CharField()
    digest = serializers.CharField()
    state = serializers.ChoiceField(WITHDRAWN_STATES)
    reason = serializers.CharField()
    at = serializers.DateTimeField()
