"""Builders of signed Intercom notifications, after Intercom's documentation."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from channels.intercom import IntercomChannel, create_channel
from channels.intercom.capabilities import DESK_TOPICS, IGNORED_TOPICS, USER_TOPICS
from core.ports import Webhook

APP, CONVERSATION, SECRET, TOKEN = "wk7h2xqz", "215470000012345", "client-secret-example", "dG9rOmV4YW1wbGU="
BOT, GRACE, TEAM = "9608555", "9608001", "5017001"
BASE = "https://api.intercom.io/conversations/" + CONVERSATION
ENVIRON = {
    "INTERCOM_CLIENT_SECRET": SECRET,
    "INTERCOM_ACCESS_TOKEN": TOKEN,
    "INTERCOM_ADMIN_ID": BOT,
    "INTERCOM_HANDOFF_TEAM_ID": TEAM,
}

Json = dict[str, Any]

ADA = {"type": "lead", "id": "6962aa01bb02cc03dd04ee05", "name": "Ada", "email": ""}
PERSON = {"type": "admin", "id": GRACE, "name": "Grace", "email": "grace@shop.example"}
US = {"type": "admin", "id": BOT, "name": "Bot", "email": "bot@shop.example"}
FIN = {"type": "bot", "id": "5", "name": "Fin", "from_ai_agent": True}


def build_channel(**changed: str) -> IntercomChannel:
    found = create_channel({**ENVIRON, **changed}, "")
    assert found is not None
    return found


def build_part(
    body: str | None = "<p>Hello</p>", author: Json | None = None, number: int = 1, **more: Any
) -> Json:
    return {
        "type": "conversation_part",
        "id": f"3735800000{number}",
        "part_type": "comment",
        "body": body,
        "created_at": 1_790_000_100 + number,
        "author": ADA if author is None else author,
        "attachments": [],
        "redacted": False,
        "metadata": {},
        **more,
    }


def build_conversation(*parts: Json, admin: object = None, team: object = None, **more: Any) -> Json:
    return {
        "type": "conversation",
        "id": CONVERSATION,
        "source": {
            "type": "conversation",
            "id": "3381000001",
            "body": "<p>Where is my parcel?</p>",
            "author": ADA,
            "attachments": [],
            "url": "https://shop.example/track",
        },
        "contacts": {"contacts": [{"type": "contact", "id": ADA["id"], "external_id": "cust-77"}]},
        "admin_assignee_id": admin,
        "team_assignee_id": team,
        "conversation_parts": {"conversation_parts": list(parts), "total_count": len(parts)},
        **more,
    }


def build_notification(topic: str, item: Json, number: str | None = "notif_1") -> Json:
    return {
        "type": "notification_event",
        "app_id": APP,
        "data": {"type": "notification_event_data", "item": item},
        "id": number,
        "topic": topic,
        "created_at": 1_790_000_100,
    }


def build_webhook(topic: str, item: Json, number: str | None = "notif_1") -> Webhook:
    return sign_webhook(json.dumps(build_notification(topic, item, number)).encode())


def sign_webhook(body: bytes, secret: str = SECRET) -> Webhook:
    digest = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    headers = {"x-hub-signature": f"sha1={digest}", "content-type": "application/json"}
    return Webhook("POST", "http://10.0.0.7:8000/webhooks/intercom", headers, body)


def build_all_webhooks() -> list[Webhook]:
    """Return a notification of every parsed topic, with the parts that Intercom sends under it."""
    files = "https://downloads.example"
    upload = {"type": "upload", "name": "a.pdf", "url": f"{files}/a.pdf", "content_type": "application/pdf"}
    rich = f'<p>See <a href="{files}">this</a></p><img src="{files}/1.png"><ul><li>one</li></ul>'
    item = build_conversation(
        build_part(rich, number=2, attachments=[upload]),
        build_part("<p>Hi, Grace here</p>", PERSON, 3),
        build_part("<p>Mine.</p>", PERSON, 4, part_type="assignment", assigned_to=PERSON),
        admin=GRACE,
        team=TEAM,
    )
    note = build_conversation(build_part("<p>/bot on</p>", PERSON, 5, part_type="note"), admin=BOT)
    again = build_conversation(build_part("<p>Again</p>", number=7, part_type="open"), admin=GRACE)
    return [
        *(build_webhook(topic, item) for topic in sorted(USER_TOPICS | set(DESK_TOPICS))),
        build_webhook("conversation.admin.noted", note),
        build_webhook(
            "conversation.admin.closed", build_conversation(build_part(None, PERSON, 6, part_type="close"))
        ),
        build_webhook("conversation.user.replied", again),
        build_webhook(
            "conversation.user.replied", build_conversation(build_part("<p>x</p>", number=8, redacted=True))
        ),
        build_webhook("conversation.admin.single.created", build_conversation()),
        *(
            build_webhook(topic, build_conversation())
            for topic in ("conversation.deleted", *sorted(IGNORED_TOPICS))
        ),
    ]
