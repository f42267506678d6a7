"""Uploads in parts."""

from typing import Any

from rest_framework import serializers

from marketplace.api.v1.serializers.camel import CamelSerializer
from marketplace.api.v1.serializers.versions import FORMATS, VersionSerializer
from registry.domain.identifiers import MAX_PATH_CHARACTERS, MAX_VERSION_CHARACTERS
from registry.domain.uploads import MAX_FILES, MAX_UPLOAD_BYTES, PART_BYTES, part_count
from registry.models import Upload, UploadFile, UploadState

MAX_PACKAGE_NAME_CHARACTERS = 160


class AnnouncedSerializer(CamelSerializer):
    path = serializers.CharField(max_length=2 * MAX_PATH_CHARACTERS, trim_whitespace=False)
    size = serializers.IntegerField(min_value=0, max_value=MAX_UPLOAD_BYTES)
    digest = serializers.CharField(max_length=71, help_text="sha256:<hex>")


class AnnounceSerializer(CamelSerializer):
    files: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=AnnouncedSerializer(), allow_empty=False, max_length=MAX_FILES
    )


class UploadFileSerializer(CamelSerializer):
    id = serializers.IntegerField()
    path = serializers.CharField()
    size = serializers.IntegerField()
    digest = serializers.CharField()
    parts = serializers.SerializerMethodField()
    received = serializers.SerializerMethodField()
    complete = serializers.SerializerMethodField()

    def get_parts(self, file: UploadFile) -> int:
        """How many parts the file has; they are numbered from 1."""
        return part_count(file.size)

    def get_received(self, file: UploadFile) -> list[int]:
        """Numbers of the parts that are stored."""
        return [part.number for part in file.parts.all()]

    def get_complete(self, file: UploadFile) -> bool:
        """Whether nothing is left to send."""
        return file.blob_id is not None or len(file.parts.all()) == part_count(file.size)


class UploadSerializer(CamelSerializer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(UploadState.choices)
    part_size = serializers.SerializerMethodField()
    expires_at = serializers.DateTimeField()
    files = UploadFileSerializer(many=True)
    version = VersionSerializer(allow_null=True)

    def get_part_size(self, upload: Upload) -> int:
        """Bytes of every part but a file's last."""
        return PART_BYTES


class UploadLineSerializer(CamelSerializer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(UploadState.choices)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class RecognitionSerializer(CamelSerializer):
    """What the files look like; `problems` stand in the way of publishing."""

    format = serializers.ChoiceField(FORMATS, allow_null=True)
    descriptor = serializers.SerializerMethodField()
    problems = serializers.ListField(child=serializers.CharField())

    def get_descriptor(self, recognition: Any) -> dict[str, Any] | None:
        """What the publisher declares, as far as it could be read."""
        declared = recognition.descriptor
        return None if declared is None else declared.as_dict()


class PublishSerializer(CamelSerializer):
    """Name and version default to what the descriptor says."""

    name = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=MAX_PACKAGE_NAME_CHARACTERS
    )
    version = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=MAX_VERSION_CHARACTERS
    )
