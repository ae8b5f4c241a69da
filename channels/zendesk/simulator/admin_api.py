"""Admin API of the simulated account: authentication, tokens, webhooks and triggers."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from channels._kit.simulator import SimulatorResponse
from channels.zendesk.simulator.tickets import BOT_ID, DEFAULT_GROUP_ID, HAND_OFF_GROUP_ID, Json

_TOKEN_LIFETIME_SECONDS: Final = 1800.0


class AdminApi:
    """Credentials and admin resources of one account. Refresh tokens are valid once."""

    def __init__(self, *, secret: str, basic: str) -> None:
        self._secret = secret
        self._expected_authorization = f"Basic {base64.b64encode(basic.encode()).decode()}"
        self._access_tokens: dict[str, float] = {}
        self.refresh_token = "refresh-0"  # noqa: S105 # an invented one
        self.grant_count = 0
        self.webhooks: dict[str, Json] = {}
        self.triggers: dict[int, Json] = {}

    def revoke(self) -> None:
        """Revoke every access token; the refresh token stays valid."""
        self._access_tokens = {}

    def change_api_token(self, basic: str) -> None:
        """Accept only this e-mail, `/token:` and token from now on."""
        self._expected_authorization = f"Basic {base64.b64encode(basic.encode()).decode()}"

    def is_authorized(self, authorization: str, now: float) -> bool:
        """Return whether these credentials are valid now."""
        if hmac.compare_digest(self._expected_authorization.encode(), authorization.encode()):
            return True
        return self._access_tokens.get(authorization.removeprefix("Bearer "), 0.0) > now

    def refresh_tokens(self, raw: bytes, now: float) -> SimulatorResponse:
        """Exchange a refresh token (Zendesk, "OAuth tokens for grant types")."""
        sent: Json = json.loads(raw)
        if sent.get("grant_type") != "refresh_token" or sent.get("refresh_token") != self.refresh_token:
            return json_response(
                400, {"error": "invalid_grant", "error_description": "The token was used or revoked"}
            )
        self.grant_count += 1
        self.refresh_token = f"refresh-{self.grant_count}"
        access = f"access-{self.grant_count}"
        self._access_tokens = {access: now + _TOKEN_LIFETIME_SECONDS}
        tokens = {
            "access_token": access,
            "refresh_token": self.refresh_token,
            "expires_in": _TOKEN_LIFETIME_SECONDS,
        }
        return json_response(200, {**tokens, "token_type": "bearer", "scope": "read write"})

    def handle(self, method: str, resource: Sequence[str], raw: bytes) -> SimulatorResponse:
        """Answer a request to users, groups, webhooks or triggers."""
        match method, resource:
            case "GET", ["users", "me"]:
                return json_response(200, {"user": {"id": BOT_ID, "role": "admin", "name": "Bot"}})
            case "GET", ["groups"]:
                groups = [
                    {"id": DEFAULT_GROUP_ID, "name": "Support"},
                    {"id": HAND_OFF_GROUP_ID, "name": "People"},
                ]
                return json_response(200, {"groups": groups})
            case "GET", ["webhooks"]:
                return json_response(
                    200, {"webhooks": list(self.webhooks.values()), "meta": {"has_more": False}}
                )
            case "POST", ["webhooks"]:
                webhook = {**json.loads(raw)["webhook"], "id": f"01J8{len(self.webhooks):022d}"}
                self.webhooks[webhook["id"]] = webhook
                return json_response(201, {"webhook": webhook})
            case "GET", ["webhooks", number, "signing_secret"] if number in self.webhooks:
                return json_response(200, {"signing_secret": {"algorithm": "SHA256", "secret": self._secret}})
            case "GET", ["triggers"]:
                return json_response(
                    200, {"triggers": list(self.triggers.values()), "meta": {"has_more": False}}
                )
            case "POST" | "PUT", ["triggers", *rest]:
                trigger = int(rest[0]) if rest else 360 + len(self.triggers)
                self.triggers[trigger] = {**json.loads(raw)["trigger"], "id": trigger}
                return json_response(200 if rest else 201, {"trigger": self.triggers[trigger]})
        return error_response(404, "InvalidEndpoint", "Not found")


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> SimulatorResponse:
    """Build a JSON response."""
    all_headers = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    return SimulatorResponse(status=status, headers=all_headers, body=json.dumps(body).encode())


def error_response(
    status: int, error: str, description: str = "", headers: Mapping[str, str] | None = None
) -> SimulatorResponse:
    """Build an error response in one of Zendesk's shapes."""
    body: dict[str, Any] = {"error": error}
    return json_response(status, {**body, "description": description} if description else body, headers)
