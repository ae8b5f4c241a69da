"""Responses of the simulated API (Sunshine Conversations, "Errors")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from channels._kit.simulator import Fault, SimulatorResponse


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> SimulatorResponse:
    """Build a JSON response."""
    all_headers = {"content-type": "application/json", **(headers or {})}
    return SimulatorResponse(status=status, headers=all_headers, body=json.dumps(body).encode())


def error_response(
    status: int, code: str, detail: str = "", *, headers: Mapping[str, str] | None = None
) -> SimulatorResponse:
    """Build an error response."""
    title = detail or code.replace("_", " ").capitalize()
    return json_response(status, {"errors": [{"code": code, "title": title}]}, headers)


FAULT_RESPONSES: Final = {
    Fault.SERVER_ERROR: SimulatorResponse(status=500, body=b"<html>Internal error</html>"),
    Fault.UNAVAILABLE: error_response(503, "unavailable"),
}
"""Responses of failing calls."""
