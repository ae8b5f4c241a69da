"""The app and its integration's webhooks ("Apps" and "Webhooks" of API v2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channels._kit.simulator import SimulatorRequest, SimulatorResponse, parse_json_object
from channels.sunshine.simulator.conversations import BOT_INTEGRATION
from channels.sunshine.simulator.responses import json_response

INTEGRATION_ID = BOT_INTEGRATION["integrationId"]


class AppResource:
    """One app with a custom integration."""

    def __init__(self, app: str, webhook_url: str) -> None:
        self._app = app
        self.webhooks: dict[str, dict[str, Any]] = {
            "61f0000000000000000000c1": {
                "id": "61f0000000000000000000c1",
                "version": "v2",
                "target": webhook_url,
                "triggers": ["conversation:message", "conversation:read"],
                "includeFullSource": True,
            }
        }

    def handle(self, request: SimulatorRequest, path: Sequence[str]) -> SimulatorResponse | None:
        """Answer a request below `/v2/apps/{app}`; `None` for another resource."""
        match request.method, path:
            case "GET", []:
                return json_response(200, {"app": {"id": self._app, "displayName": "Harbour Lane"}})
            case "GET", ["integrations", integration, "webhooks"] if integration == INTEGRATION_ID:
                return json_response(200, {"webhooks": list(self.webhooks.values())})
            case "PATCH", ["integrations", integration, "webhooks", webhook] if (
                integration == INTEGRATION_ID and webhook in self.webhooks
            ):
                self.webhooks[webhook] |= parse_json_object(request)
                return json_response(200, {"webhook": self.webhooks[webhook]})
        return None
