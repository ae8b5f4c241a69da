"""HTTP responses for messages that were not sent, the same on every surface that sends."""

from __future__ import annotations

from starlette.responses import Response

from gateway.redis.sending.send_outcome import REFUSAL_SENTENCES, SendOutcome
from gateway.server.error_responses import RETRY_AFTER_SECONDS, error_response

_STATUSES = {
    SendOutcome.UNKNOWN: 404,
    SendOutcome.ID_USED: 409,
    SendOutcome.OPTED_OUT: 409,
    SendOutcome.PERSON: 409,
    SendOutcome.CLOSED: 409,
    SendOutcome.STOPPED: 409,
    SendOutcome.WINDOW: 409,
    SendOutcome.EMPTY: 422,
    SendOutcome.INVALID_CONTACT: 422,
    SendOutcome.PAST: 422,
    SendOutcome.TOO_FAR: 422,
    SendOutcome.TEMPLATE_UNKNOWN: 422,
    SendOutcome.TEMPLATE_VARIABLES: 422,
    SendOutcome.TEMPLATE_NOT_APPROVED: 409,
    SendOutcome.FULL: 503,
    SendOutcome.SCHEDULE_FULL: 503,
}


def refusal_response(outcome: SendOutcome, sentence: str = "") -> Response | None:
    """Build the error response for a message that was not sent; `None` for one that was queued.

    `sentence` says more than the outcome's own.
    """
    if outcome not in _STATUSES:
        return None
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if _STATUSES[outcome] == 503 else None
    return error_response(_STATUSES[outcome], outcome.value, sentence or REFUSAL_SENTENCES[outcome], headers)
