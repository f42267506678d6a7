"""What can be wrong with a request, by stable codes that every face translates."""

from enum import StrEnum


class Code(StrEnum):
    """The last part of an RFC 9457 `type`; the API maps each to a status."""

    NOT_FOUND = "not-found"
    FORBIDDEN = "forbidden"
    INVALID = "invalid"
    INVALID_NAME = "invalid-name"
    INVALID_PATH = "invalid-path"
    DUPLICATE_PATH = "duplicate-path"
    TOO_MANY_FILES = "too-many-files"
    TOO_LARGE = "too-large"
    WRONG_DIGEST = "wrong-digest"
    WRONG_SIZE = "wrong-size"
    PART_MISSING = "part-missing"
    UPLOAD_CLOSED = "upload-closed"
    UNKNOWN_FORMAT = "unknown-format"
    UNSAFE_ARCHIVE = "unsafe-archive"
    BAD_DESCRIPTOR = "bad-descriptor"
    NAME_TAKEN = "name-taken"
    FORMAT_CHANGED = "format-changed"
    VERSION_EXISTS = "version-exists"
    ILLEGAL_STEP = "illegal-step"
    REASON_MISSING = "reason-missing"


class ProblemError(Exception):
    """A request that cannot be served. `detail` is one human sentence that says what to do."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
