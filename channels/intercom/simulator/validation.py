"""Request validation and responses of the simulated API (Intercom, "Errors")."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from channels._kit.simulator import Fault, PublicUrls, SimulatorResponse
from channels.intercom.simulator.records import Json, visible_text

_MAX_ATTACHMENTS: Final = 10
_MAX_OPTIONS: Final = 100


def validate_request(
    what: str, sent: Json, *, admins: Collection[str], teams: Collection[str], urls: PublicUrls
) -> SimulatorResponse | None:
    """Return the error response of an invalid request, `None` if it is valid.

    Rules: Intercom, "Reply to a conversation" and "Manage a conversation".
    """
    kind = sent.get("message_type")
    if sent.get("admin_id") not in admins:
        return error_response(404, "admin_not_found", "Admin not found")
    if what == "reply":
        reason = _find_invalid_reply_field(sent, urls)
        return error_response(400, "parameter_invalid", reason) if reason else None
    if kind == "assignment":
        valid_ids = teams if sent.get("type") == "team" else admins
        is_valid = sent.get("assignee_id") in {*valid_ids, "0"}
        return None if is_valid else error_response(404, "assignee_not_found", "Assignee not found")
    if kind == "snoozed" and not isinstance(sent.get("snoozed_until"), int):
        return error_response(400, "parameter_not_found", "snoozed_until is required")
    is_valid = kind in ("close", "open", "snoozed")
    return None if is_valid else error_response(400, "parameter_invalid", "message_type is invalid")


def _find_invalid_reply_field(sent: Json, public: PublicUrls) -> str:
    """Return what is wrong with an admin's reply; empty if it is valid."""
    urls, files = sent.get("attachment_urls", []), sent.get("attachment_files", [])
    if sent.get("type") != "admin":
        return "type must be admin"
    if not _is_list_of(urls, str, _MAX_ATTACHMENTS) or not all(map(public.is_reachable, urls)):
        return "attachment_urls must be up to 10 URLs"
    if not _is_list_of(files, dict, _MAX_ATTACHMENTS) or not all(_is_file(file) for file in files):
        return "attachment_files must be up to 10 files with content_type, name and data"
    match sent.get("message_type"):
        case "quick_reply":
            return "" if _are_valid_options(sent.get("reply_options")) else "reply_options are invalid"
        case "comment" | "note":
            body = sent.get("body")
            has_text = isinstance(body, str) and bool(visible_text(body))
            return "" if has_text or urls or files else "body is required"
    return "message_type is invalid"


def _is_list_of(value: Any, kind: type, most: int) -> bool:
    return isinstance(value, list) and len(value) <= most and all(isinstance(each, kind) for each in value)


def _is_file(file: Json) -> bool:
    if not all(isinstance(file.get(name), str) and file[name] for name in ("content_type", "name", "data")):
        return False
    try:
        return bool(b64decode(file["data"], validate=True))
    except ValueError:
        return False


def _are_valid_options(options: Any) -> bool:
    if not _is_list_of(options, dict, _MAX_OPTIONS) or not options:
        return False
    texts, uuids = [option.get("text") for option in options], [option.get("uuid") for option in options]
    try:
        are_uuids = all(UUID(uuid) for uuid in uuids)
    except (AttributeError, TypeError, ValueError):
        return False
    return are_uuids and len(set(uuids)) == len(uuids) and all(isinstance(t, str) and t for t in texts)


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
}
"""Responses of failing calls."""
