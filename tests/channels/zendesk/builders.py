"""Builders of Zendesk Support webhooks and API responses, after the documentation."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from channels.zendesk import ZendeskChannel, create_channel
from channels.zendesk.trigger_template import TRIGGER_EVENTS, build_trigger_body
from channels.zendesk.webhook import compute_signature
from core.model import Address
from core.ports import Webhook

BOT, ADA, AGENT, SECRET = "8447000000009", "8447000000001", "8447000000002", "bm90X2FfcmVhbF9vbmU="
ENVIRON = {
    "ZENDESK_API_URL": "https://example.zendesk.com",
    "ZENDESK_WEBHOOK_SECRET": SECRET,
    "ZENDESK_BOT_USER_ID": BOT,
    "ZENDESK_EMAIL": "bot@example.com",
    "ZENDESK_API_TOKEN": "api-token",
    "ZENDESK_HANDOFF_GROUP_ID": "1700000000009",
}
BASE = "https://example.zendesk.com/api/v2"
ADDRESS = Address(channel="zendesk", account="example", ours="example", theirs="5158")
STAMP = "2026-11-23T10:00:00Z"

Json = dict[str, Any]


def build_channel(**changed: str) -> ZendeskChannel:
    found = create_channel({**ENVIRON, **changed}, "")
    assert found is not None
    return found


def build_event(kind: str, content: Json | None = None, number: str = "e-1", **detail: Any) -> Json:
    """Return an event envelope."""
    about = {
        "id": "5158",
        "actor_id": ADA,
        "requester_id": ADA,
        "submitter_id": ADA,
        "assignee_id": None,
        "created_at": "2026-11-23T09:00:00Z",
        "description": "Where is my parcel?",
        "subject": "Parcel",
        "is_public": True,
        "status": "OPEN",
        "tags": ["web"],
        "updated_at": STAMP,
        "via": {"channel": "web_service"},
    }
    return {
        "account_id": 22120001,
        "id": number,
        "type": f"zen:event-type:ticket.{kind}",
        "subject": f"zen:ticket:{detail.get('id', '5158')}",
        "time": "2026-11-23T10:00:00.123456789Z",
        "detail": {**about, **detail},
        "event": content or {},
        "zendesk_event_version": "2022-11-06",
    }


def build_comment_event(
    text: str = "Hello? Any news?",
    *,
    author: str = ADA,
    staff: bool = False,
    public: bool = True,
    number: str = "98765432101",
    **detail: Any,
) -> Json:
    who = {"id": author, "is_staff": staff, "name": "Ada" if author == ADA else "Grace"}
    made = {"comment": {"id": number, "body": text, "is_public": public, "author": who}}
    return build_event("comment_added", made, f"e-{number}", **{"actor_id": author, **detail})


def build_webhook(event: Json, at: str | None = None, secret: str = SECRET) -> Webhook:
    timestamp = at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = json.dumps(event).encode()
    headers = {
        "x-zendesk-webhook-signature": compute_signature(secret, timestamp, body),
        "x-zendesk-webhook-signature-timestamp": timestamp,
    }
    return Webhook("POST", "/webhooks/zendesk", headers, body)


def build_ticket(**changed: Any) -> Json:
    about = {"id": 5158, "status": "open", "tags": ["web"], "requester_id": int(ADA), "assignee_id": None}
    return {"ticket": {**about, "group_id": 1, "updated_at": STAMP, **changed}}


def build_comment(
    author: str = ADA, text: str = "Hello", *, number: int = 1, public: bool = True, **more: Any
) -> Json:
    """Return one comment's JSON."""
    made = {"id": number, "type": "Comment", "author_id": int(author), "plain_body": text, "public": public}
    return {"created_at": f"2026-11-23T09:00:{number:02}Z", **made, **more}


def build_comments(*comments: Json) -> Json:
    roles = {ADA: "end-user", AGENT: "agent", BOT: "agent"}
    return {
        "comments": list(comments),
        "users": [{"id": int(user), "role": role} for user, role in roles.items()],
        "meta": {"has_more": False},
    }


ACCEPTED: Json = {
    "ticket": {"id": 5158},
    "audit": {"id": 7, "events": [{"id": 1, "type": "Change"}, {"id": 98765432102, "type": "Comment"}]},
}

URL = "https://example.zendesk.com/attachments/token/x/?name=parcel.png"
WORDS = {
    "ticket.id": "5158",
    "ticket.external_id": "",
    "ticket.updated_at_with_timestamp": "2026-11-23 10:00:00 UTC",
    "ticket.assignee.id": "",
    "ticket.requester.id": ADA,
    "ticket.requester.email": "Ada@Shop.example",
    "ticket.status": "Open",
    "ticket.title": "Parcel",
    "ticket.tags": "web vip",
    "ticket.via": "Web form",
    "ticket.public_comments[0].id": "77",
    "ticket.comments[0].id": "78",
    "ticket.latest_public_comment": "Where is it?",
    "ticket.latest_comment": "/bot on",
    "current_user.id": ADA,
    "current_user.name": "Ada",
    "current_user.role": "End-user",
    "attachment.url": "",
}


def build_trigger(name: str, **changed: str) -> Json:
    """Return a trigger's body: the template with its placeholders filled in."""
    words = {**WORDS, **{key.replace("__", "."): value for key, value in changed.items()}}
    loops = re.sub(r"{% for .*? %}(.*?){% endfor %}", r"\1", build_trigger_body(name))
    filled = re.sub(r"{{(.*?)}}", lambda found: json.dumps(words[found[1]])[1:-1], loops)
    made: Json = json.loads(filled)
    return made


def build_all_webhooks() -> list[Webhook]:
    """Return a webhook of every subscribed event and every trigger."""
    change = {"current": BOT, "previous": AGENT}
    tags = {"tags_added": ["bot_off"], "tags_removed": ["handed_off"]}
    events = [
        build_comment_event(),
        build_comment_event("Hi, Grace here", author=AGENT, staff=True),
        build_comment_event("/bot on", author=AGENT, staff=True, public=False),
        build_event("created"),
        build_event("created", subject="Where is my parcel"),
        build_event("agent_assignment_changed", change, actor_id=AGENT),
        build_event("group_assignment_changed", {"current": "17", "previous": None}, actor_id=AGENT),
        build_event("status_changed", {"current": "SOLVED", "previous": "OPEN"}, actor_id=AGENT),
        build_event("status_changed", {"current": "OPEN", "previous": "SOLVED"}, assignee_id=AGENT),
        build_event("tags_changed", tags, actor_id=AGENT),
        build_event("merged", {}, status="CLOSED"),
        *(
            build_event(name)
            for name in ("soft_deleted", "permanently_deleted", "marked_as_spam", "subject_changed")
        ),
    ]
    return [
        build_webhook(made)
        for made in (*events, *(build_trigger(name, attachment__url=URL) for name in TRIGGER_EVENTS))
    ]
