"""Provider API calls shared by the channels: HTTP errors, retries, media transfer."""

from __future__ import annotations

from channels._kit.outbound.error_kinds import ErrorKind
from channels._kit.outbound.http import (
    BearerAuth,
    Credentials,
    build_foreign_error,
    build_read_error,
    classify_http_error,
    describe_error,
    get,
    is_denied,
    is_foreign,
    is_refused,
    may_have_taken_effect,
    parse_json_body,
    parse_retry_after,
    post,
    send_request,
    without_effect,
)
from channels._kit.outbound.media import (
    download_file,
    download_with_auth,
    extract_host,
    load_for_upload,
    normalize_content_type,
)
from channels._kit.outbound.recipients import (
    find_email_address,
    name_consents,
    parse_phone_number,
    select_sender,
)

__all__ = [
    "BearerAuth",
    "Credentials",
    "ErrorKind",
    "build_foreign_error",
    "build_read_error",
    "classify_http_error",
    "describe_error",
    "download_file",
    "download_with_auth",
    "extract_host",
    "find_email_address",
    "get",
    "is_denied",
    "is_foreign",
    "is_refused",
    "load_for_upload",
    "may_have_taken_effect",
    "name_consents",
    "normalize_content_type",
    "parse_json_body",
    "parse_phone_number",
    "parse_retry_after",
    "post",
    "select_sender",
    "send_request",
    "without_effect",
]
