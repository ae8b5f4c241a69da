"""JSON template of trigger-connected webhooks, filled in by Zendesk.

It has the shape of Zendesk's own envelope, so that both kinds are parsed alike; but every value is a text, an
empty one if Zendesk has none (Zendesk, "Placeholders reference").
"""

from __future__ import annotations

import json
from typing import Any, Final

TRIGGER_EVENTS: Final = {
    "comment": ("comment_added", {}),
    "note": ("comment_added", {}),
    "assigned": ("agent_assignment_changed", {"current": "{{ticket.assignee.id}}"}),
    "solved": ("status_changed", {"current": "solved"}),
    "reopened": ("status_changed", {"current": "open", "previous": "solved"}),
}
"""Names of our triggers, with the event type that each reports."""

_ATTACHMENT_URL: Final = "{{attachment.url}}"
_EVENT_ID: Final = "{{ticket.updated_at_with_timestamp}}.{{ticket.assignee.id}}"


def build_trigger_body(name: str) -> str:
    """Return the JSON body of the trigger of that name."""
    kind, event = TRIGGER_EVENTS[name]
    newest = "ticket.comments[0]" if name == "note" else "ticket.public_comments[0]"
    event_json: dict[str, Any] = dict(event)
    if kind == "comment_added":
        event_json["comment"] = {
            "id": f"{{{{{newest}.id}}}}",
            "body": "{{ticket.latest_comment}}" if name == "note" else "{{ticket.latest_public_comment}}",
            "is_public": name == "comment",
            "attachments": f"{{% for attachment in {newest}.attachments %}}{_ATTACHMENT_URL} {{% endfor %}}",
            "author": {
                "id": "{{current_user.id}}",
                "name": "{{current_user.name}}",
                "role": "{{current_user.role}}",
            },
        }
    envelope = {
        "type": f"zen:event-type:ticket.{kind}",
        "id": f"{name}.{{{{ticket.id}}}}.{_EVENT_ID}",
        "detail": {
            "id": "{{ticket.id}}",
            "external_id": "{{ticket.external_id}}",
            "actor_id": "{{current_user.id}}",
            "assignee_id": "{{ticket.assignee.id}}",
            "requester_id": "{{ticket.requester.id}}",
            "requester_email": "{{ticket.requester.email}}",
            "status": "{{ticket.status}}",
            "subject": "{{ticket.title}}",
            "tags": "{{ticket.tags}}",
            "via": {"channel": "{{ticket.via}}"},
        },
        "event": event_json,
    }
    return json.dumps(envelope, indent=1)
