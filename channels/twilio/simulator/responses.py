"""Responses of the simulated API (Twilio, "Error and warning dictionary")."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from channels._kit.simulator import Fault, SimulatorResponse

JSON_HEADERS: Final = {"content-type": "application/json;charset=utf-8"}

ERROR_TEXTS: Final = {
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30034: "Message from an Unregistered Number",
    63016: "Failed to send freeform message because you are outside the allowed window",
    63040: "Template Rejected",
    63041: "Template Paused",
    63042: "Template Disabled",
    63019: "Media failed to download",
    63024: "Invalid message recipient",
    11200: "Media failed to download",
}
"""Texts of the errors that statuses report."""


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error of the API."""

    http: int
    code: int
    message: str

    def to_response(self) -> SimulatorResponse:
        """Build the error response."""
        info_url = f"https://www.twilio.com/docs/errors/{self.code}"
        return json_response(
            self.http,
            {"code": self.code, "message": self.message, "more_info": info_url, "status": self.http},
        )


def json_response(status: int, body: object) -> SimulatorResponse:
    """Build a JSON response."""
    return SimulatorResponse(status=status, headers=JSON_HEADERS, body=json.dumps(body).encode())


FAULT_RESPONSES: Final = {
    Fault.TOO_MANY: ApiError(429, 20429, "Too Many Requests").to_response(),
    Fault.SERVER_ERROR: ApiError(500, 20500, "Internal Server Error").to_response(),
    Fault.UNAVAILABLE: ApiError(503, 20503, "Service Unavailable").to_response(),
}
"""Responses of failing calls."""
