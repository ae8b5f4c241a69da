"""Remembers request parameters that a server rejected, so they are omitted for ten minutes."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from time import monotonic
from typing import Any

REMEMBER_SECONDS = 600.0
"""Seconds after which a parameter is tried again: the server may have been reconfigured or replaced."""

FUNCTION_SCHEMA = "function"
"""The schema of one function was rejected, which says nothing about the others."""

TEXT_BESIDE_CALL = "silence"
"""Text besides a call is not supported; nothing requests it, but it is detected in the same way."""

PICTURES = "pictures"
"""Parts of a message that are pictures: the model cannot see."""

ALTERNATING_ROLES = "roles"
"""Lines of one role after another, or a bot's line first: the chat template wants them to alternate."""

SYSTEM_ROLE = "system"
"""Messages of the role `system`: the chat template has none."""

FULL_LENGTH = "length"
"""The bound on an answer's length, which does not fit into the context beside the request."""

_ROLES_ALTERNATE = re.compile(
    r"alternat|must be (?:from )?(?:a )?user|start with (?:a |the )?'?user", re.IGNORECASE
)
_NO_SYSTEM_ROLE = re.compile(
    r"(?:system|developer)[ '\"`]*(?:role|message|prompt|instruction)s?\W.{0,20}(?:not|isn't|unsupported)"
    r"|not support (?:the |a )?(?:system|developer)|only (?:support |the )?['\"]?user['\"]? (?:and|or)",
    re.IGNORECASE | re.DOTALL,
)
_TEMPLATE_STATUSES = (400, 404, 422, 500, 501)
_REJECTION_STATUSES = (400, 404, 422, 501)
_TOOLS_ERROR_WITH_500 = re.compile(r"tools param|param: tools", re.IGNORECASE)  # llama.cpp
_PARAMETER_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "max_tokens": re.compile(r"max_tokens", re.IGNORECASE),
    "max_completion_tokens": re.compile(r"max_completion_tokens", re.IGNORECASE),
    "stream_options": re.compile(r"stream_options", re.IGNORECASE),
    "temperature": re.compile(r"temperature", re.IGNORECASE),
    "response_format": re.compile(r"response[ _]?format|json[ _]schema|structured output", re.IGNORECASE),
    "tool_choice": re.compile(r"tool[ _]choice", re.IGNORECASE),
}
_MENTIONS_PICTURES = re.compile(
    r"image|vision|multi-?modal|content.{0,40}(?:string|text)|(?:string|text).{0,40}content",
    re.IGNORECASE,
)
_MENTIONS_TOOLS = re.compile(r"\btools?\b|\bfunctions?\b", re.IGNORECASE)
_SCHEMA_REJECTED = re.compile(r"schema|function_parameters", re.IGNORECASE)
_TOOLS_UNSUPPORTED = re.compile(
    r"support|unrecogni[sz]ed|unknown|unexpected|unavailable|not (?:allowed|permitted|available|implemented)"
    r"|requires? (?:--|.{,40}flag)",
    re.IGNORECASE,
)
_MAX_ERROR_LENGTH = 2_000


def find_unsupported_parameter(status: int, message: str, request: Container[str]) -> str:
    """Return the request parameter that an error is about; an empty string when it is about none."""
    message = message[:_MAX_ERROR_LENGTH]
    if _has_pictures(request) and _MENTIONS_PICTURES.search(message):
        return PICTURES
    if status not in _REJECTION_STATUSES:
        return "tools" if "tools" in request and _TOOLS_ERROR_WITH_500.search(message) else ""
    for parameter, named in _PARAMETER_PATTERNS.items():
        if parameter in request and named.search(message):
            return parameter
    if "tools" not in request or not _MENTIONS_TOOLS.search(message):
        return ""
    if _SCHEMA_REJECTED.search(message):
        return FUNCTION_SCHEMA
    return "tools" if _TOOLS_UNSUPPORTED.search(message) else ""


def find_role_limit(status: int, message: str) -> str:
    """Return the limit on roles that a chat template's error states; empty for any other error."""
    if status not in _TEMPLATE_STATUSES:
        return ""
    message = message[:_MAX_ERROR_LENGTH]
    if _NO_SYSTEM_ROLE.search(message):
        return SYSTEM_ROLE
    is_about_roles = "role" in message.lower() or "conversation" in message.lower()
    return ALTERNATING_ROLES if is_about_roles and _ROLES_ALTERNATE.search(message) else ""


def _has_pictures(request: Container[str]) -> bool:
    messages = request.get("messages", ()) if isinstance(request, Mapping) else ()
    return any(isinstance(line.get("content"), list) for line in messages)


class UnsupportedParameters:
    """Parameters that one server has rejected recently; `is_nonempty` says whether there were any."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.is_nonempty = False
        self._clock = clock
        self._expires_at: dict[object, float] = {}

    def __contains__(self, parameter: object) -> bool:
        until = self._expires_at.get(parameter)
        return until is not None and until > self._clock()

    def add(self, parameter: str) -> None:
        """Record that a parameter was rejected now."""
        self.is_nonempty = True
        self._expires_at[parameter] = self._clock() + REMEMBER_SECONDS

    def without_unsupported(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the request without the rejected parameters."""
        return {name: value for name, value in request.items() if name not in self}
