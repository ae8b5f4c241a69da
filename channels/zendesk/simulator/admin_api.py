"""Admin API of the simulated account: authentication, tokens, webhooks and triggers."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from channels._kit.simulator import MalformedRequest, SimulatorRequest, SimulatorResponse, parse_json_object
from channels.zendesk.simulator.paging import build_page
from channels.zendesk.simulator.tickets import AGENTS, BOT_ID, GROUPS, Json

_TOKEN_LIFETIME_SECONDS: Final = 1800.0
_WEBHOOK_FIELDS: Final = ("name", "endpoint", "http_method", "request_format", "status")


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

    def refresh_tokens(self, request: SimulatorRequest, now: float) -> SimulatorResponse:
        """Exchange a refresh token (Zendesk, "OAuth tokens for grant types")."""
        sent = parse_json_object(request)
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

    def handle(
        self, request: SimulatorRequest, resource: Sequence[str], query: Mapping[str, str]
    ) -> SimulatorResponse:
        """Answer a request to users, groups, webhooks or triggers. Raises `MalformedRequest`."""
        match request.method, resource:
            case "GET", ["users", "me"]:
                return json_response(200, {"user": {"id": BOT_ID, "role": "admin", "name": "Bot"}})
            case "GET", ["users", number] if number.isdigit() and int(number) in AGENTS:
                user = {"id": int(number), "role": "agent", "name": AGENTS[int(number)]}
                return json_response(200, {"user": user})
            case "GET", ["groups"]:
                groups = [{"id": number, "name": name} for number, name in GROUPS.items()]
                return json_response(200, build_page("groups", groups, query))
            case "GET", ["webhooks"]:
                return json_response(200, build_page("webhooks", list(self.webhooks.values()), query))
            case "GET", ["webhooks", number, "signing_secret"] if number in self.webhooks:
                return json_response(200, {"signing_secret": {"algorithm": "SHA256", "secret": self._secret}})
            case "GET", ["triggers"]:
                return json_response(200, build_page("triggers", list(self.triggers.values()), query))
            case "POST", ["webhooks"]:
                return self._create_webhook(_read_object(request, "webhook"))
            case "PATCH", ["webhooks", number] if number in self.webhooks:
                self.webhooks[number] |= _read_object(request, "webhook")
                return json_response(200, {"webhook": self.webhooks[number]})
            case "POST" | "PUT", ["triggers", *rest]:
                return self._save_trigger(_read_object(request, "trigger"), rest)
        return error_response(404, "InvalidEndpoint", "Not found")

    def _create_webhook(self, sent: Json) -> SimulatorResponse:
        if not all(sent.get(name) for name in _WEBHOOK_FIELDS):
            return error_response(400, "InvalidWebhook", f"required: {', '.join(_WEBHOOK_FIELDS)}")
        webhook = {**sent, "id": f"01J8{len(self.webhooks):022d}"}
        self.webhooks[webhook["id"]] = webhook
        return json_response(201, {"webhook": webhook})

    def _save_trigger(self, sent: Json, rest: Sequence[str]) -> SimulatorResponse:
        if rest and (not rest[0].isdigit() or int(rest[0]) not in self.triggers):
            return error_response(404, "RecordNotFound", "Not found")
        conditions = sent.get("conditions")
        if not sent.get("title") or not sent.get("actions") or not isinstance(conditions, dict):
            return error_response(422, "RecordInvalid", "title, conditions and actions are required")
        every = [*conditions.get("all", ()), *conditions.get("any", ())]
        if any("value" in each and not isinstance(each["value"], str | int | list) for each in every):
            return error_response(422, "RecordInvalid", "a condition has an invalid value")
        trigger = int(rest[0]) if rest else 360 + len(self.triggers)
        self.triggers[trigger] = {**sent, "id": trigger}
        return json_response(200 if rest else 201, {"trigger": self.triggers[trigger]})


def _read_object(request: SimulatorRequest, name: str) -> Json:
    sent = parse_json_object(request).get(name)
    if not isinstance(sent, dict):
        raise MalformedRequest(f"the body has no object `{name}`")
    return sent


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
