"""Request validation and responses of the simulated API (Intercom, "Errors")."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from channels._kit.simulator import Fault, SimulatorResponse
from channels.intercom.simulator.records import Json


def validate_request(
    what: str, sent: Json, *, admins: Collection[str], teams: Collection[str]
) -> SimulatorResponse | None:
    """Return the error response of an invalid request, `None` if it is valid.

    Rules: Intercom, "Reply to a conversation" and "Manage a conversation".
    """
    kind = sent.get("message_type")
    if sent.get("admin_id") not in admins:
        return error_response(404, "admin_not_found", "Admin not found")
    if what == "reply":
        return (
            None
            if _is_valid_reply(sent)
            else error_response(400, "parameter_invalid", "A parameter is invalid")
        )
    if kind == "assignment":
        valid_ids = teams if sent.get("type") == "team" else admins
        is_valid = sent.get("assignee_id") in {*valid_ids, "0"}
        return None if is_valid else error_response(404, "assignee_not_found", "Assignee not found")
    is_valid = kind in ("close", "open")
    return None if is_valid else error_response(400, "parameter_invalid", "message_type is invalid")


def _is_valid_reply(sent: Json) -> bool:
    if sent.get("type") != "admin" or len(sent.get("attachment_urls", [])) > 10:
        return False
    if sent.get("message_type") == "quick_reply":
        return _are_valid_options(sent.get("reply_options"))
    return sent.get("message_type") in ("comment", "note") and bool(sent.get("body"))


def _are_valid_options(options: Any) -> bool:
    try:
        return bool(options) and all(option["text"] and UUID(option["uuid"]) for option in options)
    except (KeyError, TypeError, ValueError):
        return False


def ok_response(body: object) -> SimulatorResponse:
    """Build a 200 response."""
    return SimulatorResponse(200, {"content-type": "application/json"}, json.dumps(body).encode())


def error_response(status: int, code: str, message: str) -> SimulatorResponse:
    """Build an error response."""
    body = {"type": "error.list", "request_id": "b2f0", "errors": [{"code": code, "message": message}]}
    return SimulatorResponse(status, {"content-type": "application/json"}, json.dumps(body).encode())


FAULT_RESPONSES: Final = {
    Fault.TOO_MANY: error_response(429, "rate_limit_exceeded", "Exceeded rate limit"),
    Fault.SERVER_ERROR: error_response(500, "internal_error", "Something went wrong"),
    Fault.UNAVAILABLE: error_response(503, "service_unavailable", "Service unavailable"),
    Fault.DROP_BEFORE: SimulatorResponse(status=0, drop=True),
}
"""Faults that occur before anything is accepted."""
