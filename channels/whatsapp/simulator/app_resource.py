"""The app: its token, and the URL of its webhooks (Meta, "Debug token" and "App subscriptions")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

from channels._kit.simulator import SimulatorRequest, SimulatorResponse
from channels.whatsapp.simulator.responses import error_response, json_response

APP_ID = "700000000000001"


class AppResource:
    """One app with its subscription to events of WhatsApp business accounts."""

    def __init__(self, app_secret: str, webhook_url: str) -> None:
        self.token = f"{APP_ID}|{app_secret}"
        self.expires_at = 0
        self.scopes = ["whatsapp_business_messaging", "whatsapp_business_management"]
        self.subscription: dict[str, Any] = {
            "object": "whatsapp_business_account",
            "callback_url": webhook_url,
            "active": True,
            "fields": [{"name": "messages", "version": "v25.0"}],
        }

    def handle(self, request: SimulatorRequest, path: Sequence[str]) -> SimulatorResponse | None:
        """Answer a request about the token or the subscriptions; `None` for another resource."""
        match request.method, path:
            case "GET", ["debug_token"]:
                token = {
                    "app_id": APP_ID,
                    "is_valid": True,
                    "expires_at": self.expires_at,
                    "scopes": self.scopes,
                }
                return json_response(200, {"data": token})
            case "GET", [app, "subscriptions"] if app == APP_ID:
                return json_response(200, {"data": [self.subscription] if self.subscription else []})
            case "POST", [app, "subscriptions"] if app == APP_ID:
                return self._subscribe(request)
        return None

    def _subscribe(self, request: SimulatorRequest) -> SimulatorResponse:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if missing := {"object", "callback_url", "verify_token", "fields"} - set(form):
            return error_response(400, 100, f"Missing: {', '.join(sorted(missing))}")
        fields = [{"name": name, "version": "v25.0"} for name in form["fields"].split(",")]
        self.subscription = {
            "object": form["object"], "callback_url": form["callback_url"], "active": True, "fields": fields,
        }  # fmt: skip
        return json_response(200, {"success": True})
