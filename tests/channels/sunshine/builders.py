"""Builders of Zendesk messaging webhooks, after the documentation."""

from __future__ import annotations

import json
from typing import Any

from channels.sunshine import SunshineChannel, create_channel
from core.ports import Webhook

APP, OURS, CONVERSATION, SECRET = (
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
BASE = f"https://example.zendesk.com/sc/v2/apps/{APP}/conversations/{CONVERSATION}"
BOT = {"id": "sb1", "name": "bot", "integrationId": OURS, "integrationType": "custom"}
DESK = {
    "id": "sb2",
    "name": "zd-agentWorkspace",
    "integrationId": "desk",
    "integrationType": "zd:agentWorkspace",
}

Json = dict[str, Any]


def build_channel(**changed: str) -> SunshineChannel:
    found = create_channel({**ENVIRON, **changed}, "")
    assert found is not None
    return found


def build_event(
    kind: str,
    active: Json | None = BOT,
    conversation_id: str = CONVERSATION,
    number: str = "e1",
    **payload: Any,
) -> Json:
    conversation: Json = {"id": conversation_id, "type": "personal"}
    if active:
        conversation["activeSwitchboardIntegration"] = active
    return {"id": number, "type": kind, "payload": {"conversation": conversation, **payload}}


def build_message_event(
    content: Json,
    active: Json | None = BOT,
    conversation_id: str = CONVERSATION,
    number: str = "m1",
    **more: Any,
) -> Json:
    author = {"type": "user", "userId": "u1", "displayName": "Ada"}
    message = {"id": number, "author": author, "content": content, **more}
    return build_event("conversation:message", active, conversation_id, f"e-{number}", message=message)


def build_webhook(*events: Json, version: str = "v2", app: str = APP) -> Webhook:
    batch = {"app": {"id": app}, "webhook": {"id": "w1", "version": version}, "events": events}
    return Webhook("POST", "/webhooks/sunshine", {"x-api-key": SECRET}, json.dumps(batch).encode())


def build_conversation(active: Json | None = BOT, **more: Any) -> Json:
    """Return a conversation's JSON."""
    found: Json = {"id": CONVERSATION, **more}
    if active:
        found["activeSwitchboardIntegration"] = active
    return {"conversation": found}


def build_all_webhooks() -> list[Webhook]:
    """Return a webhook of every parsed event and every type of content."""
    file = {"mediaUrl": "https://media.example/a.pdf", "mediaType": "application/pdf", "altText": "a.pdf"}
    place = {"name": "Café", "address": "1 Main St"}
    form = [{"type": "text", "name": "n", "text": "Ada"}]
    contents: list[Json] = [
        {"type": "text", "text": "Hello", "payload": "yes"},
        {"type": "image", "text": "look", **file},
        {"type": "file", **file},
        {"type": "location", "coordinates": {"lat": 48.2, "long": 16.37}, "location": place},
        {"type": "formResponse", "textFallback": "Name: Ada", "fields": form},
        {"type": "carousel", "items": [{"title": "x", "actions": []}]},
    ]
    source = {"type": "zd:agentWorkspace"}
    agent = {"author": {"type": "business"}, "source": source, "id": "m9", "content": contents[0]}
    user = {"id": "u1", "externalId": "cust-77", "profile": {"locale": "de-AT"}}
    error = {"code": "x", "message": "y"}
    messages = [build_message_event(content, number=f"m{number}") for number, content in enumerate(contents)]
    events = [
        *messages,
        build_event("conversation:postback", postback={"payload": "yes", "user": user}),
        build_event("conversation:message", DESK, message=agent),
        build_event("conversation:remove"),
        build_event("conversation:read"),
    ]
    for name in ("passControl", "acceptControl", "offerControl", "releaseControl", "passControl:failure"):
        held = (BOT, DESK, None)
        events += [
            build_event(f"switchboard:{name}", who, metadata={"key": "k"}, error=error) for who in held
        ]
    for name in ("channel", "user", "failure"):
        events.append(build_event(f"conversation:message:delivery:{name}", message={"id": "m1"}, error=error))
    return [
        build_webhook(*messages[:3], build_message_event(contents[0], DESK, "talk2")),
        *(build_webhook(each) for each in events),
    ]
