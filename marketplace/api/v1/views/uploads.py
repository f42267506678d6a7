"""Sending files in parts, and publishing what was sent."""

import uuid

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.v1.documentation import CURSOR, documented, paged
from marketplace.api.v1.endpoint import Endpoint, actor, valid
from marketplace.api.v1.fields import parse_content_digest
from marketplace.api.v1.pagination import NewestCreatedFirst
from marketplace.api.v1.parsers import StreamParser, body_chunks
from marketplace.api.v1.serializers.uploads import (
    AnnounceSerializer,
    PublishSerializer,
    RecognitionSerializer,
    UploadLineSerializer,
    UploadSerializer,
)
from marketplace.api.v1.serializers.versions import VersionSerializer
from marketplace.services import publishing
from registry.domain.problems import Code, ProblemError
from registry.domain.tokens import Scope
from registry.domain.uploads import Announced
from registry.models import Upload, UploadState, User
from registry.services import uploading


def _own(user: User) -> QuerySet[Upload]:
    return (
        Upload.objects.filter(owner=user)
        .select_related("version__package__namespace")
        .prefetch_related("files__parts")
    )


class Uploads(Endpoint):
    scopes = (Scope.PUBLISH,)

    @documented("listUploads", answers={200: paged(UploadLineSerializer)}, parameters=[CURSOR])
    def get(self, request: Request) -> Response:
        """Your open uploads, newest first."""
        pages = NewestCreatedFirst()
        mine = Upload.objects.filter(owner=actor(request), state=UploadState.OPEN)
        page = pages.paginate_queryset(mine, request, self)
        return pages.get_paginated_response(UploadLineSerializer(page, many=True).data)

    @documented(
        "openUpload", request=AnnounceSerializer, answers={201: UploadSerializer}, problems=[413]
    )
    def post(self, request: Request) -> Response:
        """Announce the files you are going to send."""
        announced = valid(AnnounceSerializer(data=request.data))["files"]
        files = [Announced(**file) for file in announced]
        upload = uploading.announce(files, actor=actor(request))
        return Response(UploadSerializer(_own(actor(request)).get(pk=upload.pk)).data, status=201)


class OneUpload(Endpoint):
    scopes = (Scope.PUBLISH,)

    @documented("readUpload", answers={200: UploadSerializer}, problems=[404])
    def get(self, request: Request, upload_id: uuid.UUID) -> Response:
        """How far an upload is: which parts have arrived."""
        upload = _own(actor(request)).filter(pk=upload_id).first()
        if upload is None:
            raise ProblemError(Code.NOT_FOUND, "There is no such upload.")
        return Response(UploadSerializer(upload).data)

    @documented("abortUpload", request=None, answers={204: None}, problems=[404, 409])
    def delete(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Give an upload up."""
        uploading.abort(upload_id, actor=actor(request))
        return Response(status=204)


class Part(Endpoint):
    scopes = (Scope.PUBLISH,)
    parser_classes = [StreamParser]

    @documented(
        "putPart",
        request={"application/octet-stream": OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter(
                "Content-Digest",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                required=True,
                description="RFC 9530: `sha-256=:<base64>:`",
            )
        ],
        answers={204: None},
        problems=[404, 409, 411],
    )
    def put(self, request: Request, upload_id: uuid.UUID, file_id: int, part: int) -> Response:
        """Send one part; sending it again replaces it. The body is streamed, never held whole."""
        file = uploading.open_file(upload_id, file_id, actor=actor(request))
        digest = parse_content_digest(request.headers.get("Content-Digest", ""))
        uploading.put_part(file, part, chunks=body_chunks(request), digest=digest)
        return Response(status=204)


class Inspect(Endpoint):
    scopes = (Scope.PUBLISH,)

    @documented(
        "inspectUpload", request=None, answers={200: RecognitionSerializer}, problems=[404, 409]
    )
    def post(self, request: Request, upload_id: uuid.UUID) -> Response:
        """What a complete upload is recognised as, before it is published."""
        recognition = publishing.inspect(upload_id, actor=actor(request))
        return Response(RecognitionSerializer(recognition).data)


class Publish(Endpoint):
    scopes = (Scope.PUBLISH,)

    @documented(
        "publishUpload",
        request=PublishSerializer,
        answers={201: VersionSerializer},
        problems=[404, 409],
    )
    def post(self, request: Request, upload_id: uuid.UUID) -> Response:
        """Make a version of a complete upload and start its certification."""
        asked = valid(PublishSerializer(data=request.data))
        version = publishing.publish(upload_id, actor=actor(request), **asked)
        return Response(VersionSerializer(version).data, status=201)
