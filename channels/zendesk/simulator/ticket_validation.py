"""Rules for ticket updates: statuses, assignees, groups, tags, comments, rate limits."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection
from typing import Any, Final

from channels._kit.simulator import MalformedRequest, SimulatorResponse
from channels.zendesk.simulator.admin_api import error_response, json_response
from channels.zendesk.simulator.tickets import AGENTS, GROUPS, Json, Ticket

STATUSES: Final = ("new", "open", "pending", "hold", "solved", "closed")
WRITABLE_FIELDS: Final = ("status", "assignee_id", "group_id", "tags", "external_id", "subject", "priority")
_PRIORITIES: Final = (None, "urgent", "high", "normal", "low")
_MAX_COMMENT_BYTES: Final = 65_536 * 2
_MAX_COMMENTS: Final = 5000
_TAG: Final = re.compile(r"[^\s,]{1,255}")
_MAX_TICKET_UPDATES: Final = 30
_TICKET_WINDOW_SECONDS: Final = 600.0
_MAX_ACCOUNT_UPDATES: Final = 100
_ACCOUNT_WINDOW_SECONDS: Final = 60.0
_FIELD_TYPES: Final[tuple[tuple[str, type | tuple[type, ...]], ...]] = (
    ("comment", dict),
    ("tags", list),
    ("status", str),
    ("metadata", dict),
    ("requester", dict),
    ("external_id", (str, type(None))),
    ("subject", (str, type(None))),
)


def read_ticket_fields(body: Json) -> Json:
    """Return the `ticket` object of a request. Raises `MalformedRequest` for missing or mistyped fields."""
    sent = body.get("ticket")
    if not isinstance(sent, dict):
        raise MalformedRequest("the body has no object `ticket`")
    for name, expected in _FIELD_TYPES:
        if name in sent and not isinstance(sent[name], expected):
            raise MalformedRequest(f"{name} has the wrong type")
    comment = sent.get("comment", {})
    for name in ("body", "html_body"):
        if not isinstance(comment.get(name, ""), str):
            raise MalformedRequest(f"comment.{name} is not a text")
    if not all(isinstance(each, str) for each in (*sent.get("tags", ()), *comment.get("uploads", ()))):
        raise MalformedRequest("tags and uploads are lists of texts")
    return sent


def build_changes(sent: Json) -> Json:
    """Return the fields that a request changes; tags are split at spaces, as Zendesk does."""
    changes: Json = {name: sent[name] for name in WRITABLE_FIELDS if name in sent}
    if "tags" in changes:
        changes["tags"] = [tag for text in changes["tags"] for tag in text.split()]
    for name in ("assignee_id", "group_id"):
        if isinstance(changes.get(name), str) and changes[name].isdigit():
            changes[name] = int(changes[name])
    return changes


def validate_update(
    ticket: Ticket, sent: Json, upload_tokens: Collection[str], *, required_to_solve: str = ""
) -> SimulatorResponse | None:
    """Return the error response of an invalid update, `None` if it is valid. Nothing of it is applied."""
    if ticket.status == "closed":
        return _invalid_field("status", "Status: closed prevents ticket update")
    if sent.get("safe_update") and sent.get("updated_stamp") != ticket.to_json()["updated_at"]:
        return error_response(409, "UpdateConflict", "Safe Update prevented the update")
    comment = sent.get("comment", {"body": "x"})
    text = comment.get("body") or comment.get("html_body") or ""
    if not text.strip() or len(text.encode()) > _MAX_COMMENT_BYTES:
        return error_response(422, "RecordInvalid", "comment body cannot be blank, or is too long")
    if "comment" in sent and len(ticket.comments) >= _MAX_COMMENTS:
        return error_response(422, "RecordInvalid", "the ticket has too many comments")
    if any(token not in upload_tokens for token in comment.get("uploads", ())):
        return error_response(422, "RecordInvalid", "unknown upload token")
    if required_to_solve and sent.get("status") == "solved":
        return _invalid_field(required_to_solve, f"{required_to_solve}: is required when solving a ticket")
    return _validate_fields(ticket, build_changes(sent))


def _validate_fields(ticket: Ticket, changes: Json) -> SimulatorResponse | None:
    status = changes.get("status", ticket.status)
    assignee = changes.get("assignee_id", ticket.assignee_id)
    group = changes.get("group_id", ticket.group_id)
    if status not in STATUSES or ("status" in changes and status == "closed"):
        return _invalid_field("status", "Status: is not valid")
    if assignee is not None and assignee not in AGENTS:
        return _invalid_field("assignee", "Assignee: is invalid")
    if group is not None and group not in GROUPS:
        return _invalid_field("group", "Group: is invalid")
    if changes.get("priority") not in _PRIORITIES:
        return _invalid_field("priority", "Priority: is not valid")
    if not all(_TAG.fullmatch(tag) for tag in changes.get("tags", ())):
        return _invalid_field("tags", "Tags: is invalid")
    if status == "solved" and assignee is None:
        return _invalid_field("assignee", "Assignee: is required when solving a ticket", "FieldAssignee")
    return None


def _invalid_field(name: str, description: str, error: str = "") -> SimulatorResponse:
    detail: dict[str, Any] = {"description": description, **({"error": error} if error else {})}
    return json_response(
        422,
        {
            "error": "RecordInvalid",
            "description": "Record validation errors",
            "details": {name: [detail]},
        },
    )


class UpdateLimiter:
    """Limit of 30 updates of a ticket in ten minutes and 100 per minute in total (Zendesk, "Rate limits")."""

    def __init__(self, *, sends_retry_after: bool) -> None:
        self._sends_retry_after = sends_retry_after
        self._updates: deque[tuple[float, int]] = deque()

    def check(self, ticket: Ticket, now: float) -> SimulatorResponse | None:
        """Count an update; return a 429 response if it exceeds a limit."""
        while self._updates and self._updates[0][0] <= now - _TICKET_WINDOW_SECONDS:
            self._updates.popleft()
        ticket_updates = [at for at, number in self._updates if number == ticket.id]
        recent = [at for at, _ in self._updates if at > now - _ACCOUNT_WINDOW_SECONDS]
        waits = []
        if len(ticket_updates) >= _MAX_TICKET_UPDATES:
            waits.append(ticket_updates[0] + _TICKET_WINDOW_SECONDS - now)
        if len(recent) >= _MAX_ACCOUNT_UPDATES:
            waits.append(recent[0] + _ACCOUNT_WINDOW_SECONDS - now)
        if waits:
            headers = {"retry-after": str(int(max(waits)) + 1)} if self._sends_retry_after else {}
            return error_response(429, "APIRateLimitExceeded", "Number of allowed updates exceeded", headers)
        self._updates.append((now, ticket.id))
        return None


class CallLimiter:
    """Limit of calls of an account in a minute, and its headers (Zendesk, "Rate limits")."""

    def __init__(self, calls_per_minute: int, *, sends_retry_after: bool) -> None:
        self._limit = calls_per_minute
        self._sends_retry_after = sends_retry_after
        self._window, self._calls = 0.0, 0

    def check(self, now: float) -> SimulatorResponse | None:
        """Count a call; return a 429 response if it exceeds the limit."""
        if now - self._window >= _ACCOUNT_WINDOW_SECONDS:
            self._window, self._calls = now - now % _ACCOUNT_WINDOW_SECONDS, 0
        self._calls += 1
        if self._calls <= self._limit:
            return None
        wait = int(self._window + _ACCOUNT_WINDOW_SECONDS - now) + 1
        headers = {"retry-after": str(wait)} if self._sends_retry_after else {}
        return error_response(429, "TooManyRequests", "Number of allowed API requests exceeded", headers)

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every response."""
        remaining = str(max(self._limit - self._calls, 0))
        return {"x-rate-limit": str(self._limit), "x-rate-limit-remaining": remaining}
