"""What exists: one file per aggregate."""

from registry.models.accounts import (
    Membership,
    Namespace,
    Organisation,
    OrganisationRole,
    StaffRole,
    Token,
    User,
)
from registry.models.blob import Blob
from registry.models.event import Event
from registry.models.package import File, Package, Version
from registry.models.upload import Upload, UploadFile, UploadPart, UploadState

__all__ = [
    "Blob",
    "Event",
    "File",
    "Membership",
    "Namespace",
    "Organisation",
    "OrganisationRole",
    "Package",
    "StaffRole",
    "Token",
    "Upload",
    "UploadFile",
    "UploadPart",
    "UploadState",
    "User",
    "Version",
]
