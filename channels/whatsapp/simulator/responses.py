"""Responses of the simulated Graph API (Meta, "Error codes")."""

from __future__ import annotations

import json
from typing import Final

from channels._kit.simulator import Fault, SimulatorResponse

ERROR_TITLES: Final = {
    100: "Invalid parameter",
    130429: "Rate limit hit",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131049: "Message not delivered to maintain healthy ecosystem engagement",
    131051: "Unsupported message type",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Translated text too long",
    132012: "Parameter format does not match format in the created template",
    132015: "Template is paused",
    132016: "Template is disabled",
    132018: "There is an issue with the parameters in your template",
}


def json_response(status: int, body: object) -> SimulatorResponse:
    """Build a JSON response."""
    return SimulatorResponse(
        status=status, headers={"content-type": "application/json"}, body=json.dumps(body).encode()
    )


def error_response(status: int, code: int, message: str, details: str = "") -> SimulatorResponse:
    """Build an error response."""
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    if details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return json_response(status, {"error": error})


FAULT_RESPONSES: Final = {
    Fault.TOO_MANY: error_response(400, 130429, "Rate limit hit"),
    Fault.SERVER_ERROR: error_response(500, 131000, "Something went wrong"),
    Fault.UNAVAILABLE: error_response(503, 131016, "Service unavailable"),
}
"""Responses of failing calls."""
