"""Delivery errors of Intercom's API."""

from __future__ import annotations

import time
from typing import Final

import httpx

from channels._kit.inbound import get_identifier, get_object_list, get_text
from channels._kit.outbound import (
    build_foreign_error,
    describe_error,
    is_foreign,
    may_have_taken_effect,
    parse_json_body,
    parse_retry_after,
)
from core.errors import DeliveryError, Rejected, Throttled, Unknown
from core.model import FailureKind

_RATE_WINDOW_SECONDS: Final = 10.0


def build_delivery_error(response: httpx.Response) -> DeliveryError:
    """Return the delivery error for an error response (Intercom, "Error codes").

    A 429 was not processed; a 5xx may have been. After a conflict the conversation is read again before a
    retry.
    """
    status = response.status_code
    error = next(iter(get_object_list(parse_json_body(response), "errors")), {})
    code = get_identifier(error, "code", 60) or str(status)
    reason = f"intercom {status} {code}: {describe_error(get_text(error, 'message', 300))}"
    if status == 429:
        return Throttled(reason, code=code, retry_after=_seconds_until_window_end(response))
    if status == 409 or may_have_taken_effect(status):
        return Unknown(reason, code=code, retry_after=parse_retry_after(response))
    if is_foreign(response):
        return build_foreign_error("intercom", response, "INTERCOM_API_URL, which differs by region")
    return Rejected(
        reason, code=code, failure=FailureKind.ACCOUNT if status in (401, 402, 403) else FailureKind.PERMANENT
    )


def _seconds_until_window_end(response: httpx.Response) -> float:
    """Return the seconds until the rate limit's ten-second window ends (Intercom, "Rate limiting")."""
    if (after := parse_retry_after(response)) is not None:
        return after
    reset = response.headers.get("x-ratelimit-reset", "")
    seconds = float(reset) - time.time() if reset.isascii() and reset.isdigit() else _RATE_WINDOW_SECONDS
    return min(max(seconds, 1.0), 60.0)
