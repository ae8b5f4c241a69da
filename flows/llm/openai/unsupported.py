"""What a server of the OpenAI protocol does not take: found out by asking, as no server tells beforehand."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from time import monotonic
from typing import Any

REMEMBER_SECONDS = 600.0
"""How long a server is not asked again: somebody may set it up otherwise, or another may stand there."""

FUNCTION_SCHEMA = "function"
"""One of the functions, refused for its schema: that says nothing of the others."""

TEXT_BESIDE_CALL = "silence"
"""To write no text beside a call. Nobody asks for it, but it is found out in the same way."""

_REJECTION_STATUSES = (400, 404, 422, 501)
_TOOLS_ERROR_WITH_500 = re.compile(r"tools param|param: tools", re.IGNORECASE)  # llama.cpp
_PARAMETER_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "stream_options": re.compile(r"stream_options", re.IGNORECASE),
    "temperature": re.compile(r"temperature", re.IGNORECASE),
    "response_format": re.compile(r"response[ _]?format|json[ _]schema|structured output", re.IGNORECASE),
    "tool_choice": re.compile(r"tool[ _]choice", re.IGNORECASE),
}
_MENTIONS_TOOLS = re.compile(r"\btools?\b|\bfunctions?\b", re.IGNORECASE)
_SCHEMA_REJECTED = re.compile(r"schema|function_parameters", re.IGNORECASE)
_TOOLS_UNSUPPORTED = re.compile(
    r"support|unrecogni[sz]ed|unknown|unexpected|unavailable|not (?:allowed|permitted|available|implemented)"
    r"|requires? (?:--|.{,40}flag)",
    re.IGNORECASE,
)
_MAX_ERROR_LENGTH = 2_000


def find_unsupported_parameter(status: int, said: str, request: Container[str]) -> str:
    """The parameter of the request that an error is about; empty when it is about something else."""
    said = said[:_MAX_ERROR_LENGTH]
    if status not in _REJECTION_STATUSES:
        return "tools" if "tools" in request and _TOOLS_ERROR_WITH_500.search(said) else ""
    for parameter, named in _PARAMETER_PATTERNS.items():
        if parameter in request and named.search(said):
            return parameter
    if "tools" not in request or not _MENTIONS_TOOLS.search(said):
        return ""
    if _SCHEMA_REJECTED.search(said):
        return FUNCTION_SCHEMA
    return "tools" if _TOOLS_UNSUPPORTED.search(said) else ""


class UnsupportedParameters:
    """What one server has refused of late; `are_known` says whether there is anything to look up."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.is_nonempty = False
        self._clock = clock
        self._expires_at: dict[object, float] = {}

    def __contains__(self, parameter: object) -> bool:
        until = self._expires_at.get(parameter)
        return until is not None and until > self._clock()

    def add(self, parameter: str) -> None:
        """Remember that this was refused just now."""
        self.is_nonempty = True
        self._expires_at[parameter] = self._clock() + REMEMBER_SECONDS

    def without_unsupported(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request without what would be refused."""
        return {name: value for name, value in request.items() if name not in self}
