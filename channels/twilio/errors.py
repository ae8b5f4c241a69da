"""Delivery errors of Twilio's REST and Content APIs."""

from __future__ import annotations

import httpx

from channels._kit.outbound import ErrorKind, may_have_taken_effect, parse_json_body, parse_retry_after
from channels._kit.text import redact_phone_numbers
from channels.twilio.capabilities import ACCOUNT_LIMIT_CODES, classify_error_code, default_retry_seconds
from core.errors import DeliveryError, Rejected, Throttled, Unavailable, Unknown
from core.model import FailureKind


def build_delivery_error(response: httpx.Response) -> DeliveryError:
    """Return the delivery error for an error response (Twilio, "Error and warning dictionary").

    A 429 was not processed; a 5xx may have been.
    """
    body = parse_json_body(response)
    code = str(body.get("code") or response.status_code)
    reason = f"twilio {code}: {redact_phone_numbers(str(body.get('message') or body.get('detail') or ''))}"
    status, kind = response.status_code, classify_error_code(code)
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
    if status < 400:
        return Unavailable(f"{reason}: not a response of Twilio's API; check TWILIO_API_URL", code=code)
    is_denied = kind is ErrorKind.UNKNOWN and status in (401, 403)
    return Rejected(reason, code=code, failure=FailureKind.ACCOUNT if is_denied else kind.failure)
