"""Packages and their versions."""

from typing import Any

from rest_framework import serializers

from certification.models import Certificate, Certification
from marketplace.api.v1.serializers.camel import CamelSerializer
from registry.domain.identifiers import Format, Kind
from registry.domain.states import State
from registry.models import File, Version

KINDS = [kind.value for kind in Kind]
FORMATS = [item.value for item in Format]
STATES = [state.value for state in State]


class FileSerializer(CamelSerializer):
    path = serializers.CharField()
    size = serializers.IntegerField(source="blob.size")
    digest = serializers.CharField(source="blob_id", help_text="sha256:<hex>")
    media_type = serializers.CharField()


class CertificateSerializer(CamelSerializer):
    manifest_digest = serializers.CharField()
    log_index = serializers.IntegerField(help_text="Position in the transparency log.")
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class VersionSerializer(CamelSerializer):
    """One version with all it declares. `descriptor` keeps the names it is stored under."""

    package = serializers.CharField()
    version = serializers.CharField()
    kind = serializers.ChoiceField(KINDS, source="package.kind")
    format = serializers.ChoiceField(FORMATS, source="package.format")
    state = serializers.ChoiceField(STATES)
    digest = serializers.CharField(help_text="sha256 over the `sha256sum` lines of its files.")
    size = serializers.IntegerField(help_text="Bytes of all files together.")
    created_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    yanked = serializers.SerializerMethodField()
    yank_reason = serializers.CharField(allow_blank=True)
    revocation_reason = serializers.CharField(allow_blank=True)
    descriptor = serializers.DictField()
    files = serializers.SerializerMethodField()
    certification = serializers.SerializerMethodField()
    certificate = serializers.SerializerMethodField()

    def get_yanked(self, version: Version) -> bool:
        """Whether new installs need an exact pin."""
        return version.yanked_at is not None

    def get_files(self, version: Version) -> list[dict[str, Any]]:
        """Every file, by path."""
        files = File.objects.filter(version=version).select_related("blob")
        return list(FileSerializer(files, many=True).data)

    def get_certification(self, version: Version) -> int | None:
        """The newest certification's id."""
        return (
            Certification.objects.filter(version=version)
            .order_by("-id")
            .values_list("pk", flat=True)
            .first()
        )

    def get_certificate(self, version: Version) -> dict[str, Any] | None:
        """The certificate, once there is one."""
        found = Certificate.objects.filter(version=version).defer("manifest", "bundle").first()
        return None if found is None else dict(CertificateSerializer(found).data)


class VersionLineSerializer(CamelSerializer):
    version = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    approved_at = serializers.DateTimeField(allow_null=True)
    yanked = serializers.SerializerMethodField()

    def get_yanked(self, version: Version) -> bool:
        """Whether new installs need an exact pin."""
        return version.yanked_at is not None


class PackageSerializer(CamelSerializer):
    name = serializers.CharField(help_text="namespace/name")
    kind = serializers.ChoiceField(KINDS)
    format = serializers.ChoiceField(FORMATS)
    latest = VersionSerializer(allow_null=True)
    versions = VersionLineSerializer(many=True)


class ListingSerializer(CamelSerializer):
    name = serializers.CharField(source="*", help_text="namespace/name")
    kind = serializers.ChoiceField(KINDS)
    format = serializers.ChoiceField(FORMATS)
    title = serializers.CharField()
    summary = serializers.CharField()
    licence = serializers.CharField()
    version = serializers.CharField(source="version.version")
    approved_at = serializers.DateTimeField()


class SearchSerializer(CamelSerializer):
    """Query of the catalogue."""

    q = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    kind = serializers.ChoiceField(KINDS, required=False, allow_blank=True, default="")
    format = serializers.ChoiceField(FORMATS, required=False, allow_blank=True, default="")
