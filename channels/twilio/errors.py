"""Delivery errors of Twilio's REST and Content APIs."""

from __future__ import annotations

import httpx

from channels._kit.inbound import get_identifier, get_object_list, get_text
from channels._kit.outbound import (
    ErrorKind,
    build_foreign_error,
    describe_error,
    is_foreign,
    may_have_taken_effect,
    parse_json_body,
    parse_retry_after,
)
from channels.twilio.capabilities import ACCOUNT_LIMIT_CODES, classify_error_code, default_retry_seconds
from core.errors import DeliveryError, Rejected, Throttled, Unavailable, Unknown
from core.model import FailureKind


def build_delivery_error(response: httpx.Response) -> DeliveryError:
    """Return the delivery error for an error response (Twilio, "Error and warning dictionary").

    A 429 was not processed; a 5xx may have been.
    """
    body = parse_json_body(response)
    status = response.status_code
    listed = next(iter(get_object_list(body, "errors")), {})
    code = get_identifier(body, "code", 20) or get_identifier(listed, "code", 20) or str(status)
    kind = classify_error_code(code)
    text = get_text(body, "message", 300) or get_text(body, "detail", 300)
    reason = f"twilio {code}: {describe_error(text)}"
    after = parse_retry_after(response)
    if kind is ErrorKind.LATER and status < 500:
        after = after or default_retry_seconds(code)
        return Throttled(reason, code=code, retry_after=after, one_number=code not in ACCOUNT_LIMIT_CODES)
    if status == 429 or code == "20429":
        return Throttled(reason, code=code, retry_after=after)
    if may_have_taken_effect(status):
        return Unknown(reason, code=code, retry_after=after)
    if kind is ErrorKind.RETRY:
        return Unavailable(reason, code=code, retry_after=after or default_retry_seconds(code))
    if is_foreign(response):
        return build_foreign_error("twilio", response, "TWILIO_API_URL")
    is_denied = kind is ErrorKind.UNKNOWN and status in (401, 403)
    return Rejected(reason, code=code, failure=FailureKind.ACCOUNT if is_denied else kind.failure)
