"""Webhooks of Zendesk messaging, made up after its pages."""

from __future__ import annotations

import json
from typing import Any

from channels.sunshine import SunshineChannel, connect
from core.channel import Webhook

APP, OURS, TALK, SECRET = (
    "5ebee0975ac5304b664a0001",
    "5f11a650e4e9",
    "69b43c86543f",
    "kept0-secret-Of-the-hook",
)
ENVIRON = {
    "SUNSHINE_APP_ID": APP,
    "SUNSHINE_KEY_ID": "app_1",
    "SUNSHINE_KEY_SECRET": "key-secret",
    "SUNSHINE_WEBHOOK_SECRET": SECRET,
    "SUNSHINE_API_URL": "https://example.zendesk.com/sc",
    "SUNSHINE_INTEGRATION_ID": OURS,
}
BASE = f"https://example.zendesk.com/sc/v2/apps/{APP}/conversations/{TALK}"
BOT = {"id": "sb1", "name": "bot", "integrationId": OURS, "integrationType": "custom"}
DESK = {
    "id": "sb2",
    "name": "zd-agentWorkspace",
    "integrationId": "desk",
    "integrationType": "zd:agentWorkspace",
}

Json = dict[str, Any]


def channel(**changed: str) -> SunshineChannel:
    found = connect({**ENVIRON, **changed}, "")
    assert found is not None
    return found


def event(kind: str, active: Json | None = BOT, talk: str = TALK, number: str = "e1", **payload: Any) -> Json:
    conversation: Json = {"id": talk, "type": "personal"}
    if active:
        conversation["activeSwitchboardIntegration"] = active
    return {"id": number, "type": kind, "payload": {"conversation": conversation, **payload}}


def said(content: Json, active: Json | None = BOT, talk: str = TALK, number: str = "m1", **more: Any) -> Json:
    author = {"type": "user", "userId": "u1", "displayName": "Ada"}
    message = {"id": number, "author": author, "content": content, **more}
    return event("conversation:message", active, talk, f"e-{number}", message=message)


def hook(*events: Json, version: str = "v2", app: str = APP) -> Webhook:
    batch = {"app": {"id": app}, "webhook": {"id": "w1", "version": version}, "events": events}
    return Webhook("POST", "/webhooks/sunshine", {"x-api-key": SECRET}, json.dumps(batch).encode())


def talk(active: Json | None = BOT, **more: Any) -> Json:
    """A conversation as the API shows it."""
    found: Json = {"id": TALK, **more}
    if active:
        found["activeSwitchboardIntegration"] = active
    return {"conversation": found}
