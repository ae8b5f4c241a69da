"""Webhooks of an audit: as Zendesk's events, or as triggers that fill in our template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final
from uuid import UUID

from channels._kit.simulator import FaultInjector, WebhookDelivery, WebhookResult
from channels.zendesk.event_parser import SUBSCRIPTIONS
from channels.zendesk.simulator.tickets import AGENTS, BOT_ID, Json, Ticket, TicketStore, format_time
from channels.zendesk.trigger_template import build_trigger_body as template
from channels.zendesk.webhook import compute_signature

_WEBHOOK_TIMEOUT_SECONDS: Final = 12.0
_RETRIES_BY_STATUS: Final = {409: 3, 429: 3, 503: 3}
_TIMEOUT_RETRIES: Final = 5
_RETRY_SECONDS: Final = 30.0
_MAX_RETRY_AFTER_SECONDS: Final = 60.0
_CHANGE_EVENTS: Final = {
    "assignee_id": "agent_assignment_changed",
    "group_id": "group_assignment_changed",
    "status": "status_changed",
}


class WebhookSender:
    """One signed webhook of either kind."""

    def __init__(
        self,
        tickets: TicketStore,
        *,
        url: str,
        secret: str,
        by_triggers: bool,
        random: Random,
        faults: FaultInjector,
    ) -> None:
        self._tickets = tickets
        self._url = url
        self._secret = secret
        self._by_triggers = by_triggers
        self._random = random
        self._faults = faults

    def send(self, ticket: Ticket, audit: Json, at: float) -> list[WebhookDelivery]:
        """Return the webhooks of one update, repeated and shuffled by the fault settings."""
        bodies = (
            self._build_trigger_bodies(ticket, audit)
            if self._by_triggers
            else self._build_event_bodies(ticket, audit, at)
        )
        deliveries = [self._build_delivery(body, at) for body in bodies]
        return [each for delivery in deliveries for each in self._faults.spread_webhook(delivery)]

    def build_end_deliveries(self, ticket: Ticket, kind: str, actor: int, at: float) -> list[WebhookDelivery]:
        """Build the webhook of a merged, deleted or spam ticket; triggers do not report that."""
        if self._by_triggers:
            return []
        return [
            self._build_delivery(
                json.dumps(self._build_envelope(ticket, kind, {}, actor, at, 1)).encode(), at
            )
        ]

    def handle_delivery_result(
        self, delivery: WebhookDelivery, result: WebhookResult, now: float
    ) -> list[WebhookDelivery]:
        """Retry a few times, for few reasons; the signature stays the same.

        429 and 503 are retried only with a Retry-After below a minute (Zendesk, "Webhooks": retries).
        """
        max_retries = _TIMEOUT_RETRIES if result.timed_out else _RETRIES_BY_STATUS.get(result.status or 0, 0)
        delay = _RETRY_SECONDS
        if result.status in (429, 503):
            if result.retry_after is None or result.retry_after >= _MAX_RETRY_AFTER_SECONDS:
                return []
            delay = result.retry_after
        if delivery.attempt > max_retries:
            return []
        return [replace(delivery, at=now + delay, attempt=delivery.attempt + 1)]

    def _build_event_bodies(self, ticket: Ticket, audit: Json, at: float) -> Iterator[bytes]:
        actor, first = audit["author_id"], audit is ticket.audits[0]
        events: list[tuple[str, Json]] = [("created", {})] if first else []
        for event in audit["events"]:
            if event["type"] == "Comment" and not first:
                events.append(("comment_added", {"comment": self._build_comment(event)}))
            elif event["type"] == "CommentRedactionEvent":
                events.append(("comment_redacted", {"comment": {"id": str(event["comment_id"])}}))
            elif event.get("field_name") == "tags":
                before, after = set(event["previous_value"] or ()), set(event["value"] or ())
                tags = {"tags_added": sorted(after - before), "tags_removed": sorted(before - after)}
                events.append(("tags_changed", tags))
            elif event.get("field_name") in _CHANGE_EVENTS and not first:
                current, previous = event["value"], event["previous_value"]
                if event["field_name"] == "status":
                    current, previous = str(current).upper(), str(previous).upper()
                events.append(
                    (_CHANGE_EVENTS[event["field_name"]], {"current": current, "previous": previous})
                )
        for position, (kind, event) in enumerate(events, start=1):
            if f"zen:event-type:ticket.{kind}" in SUBSCRIPTIONS:
                yield json.dumps(self._build_envelope(ticket, kind, event, actor, at, position)).encode()

    def _build_comment(self, comment: Json) -> Json:
        author = comment["author_id"]
        who = {"id": str(author), "is_staff": author in AGENTS, "name": self._tickets.get_user_name(author)}
        return {
            "id": str(comment["id"]),
            "body": comment["plain_body"],
            "is_public": comment["public"],
            "author": who,
        }

    def _build_envelope(
        self, ticket: Ticket, kind: str, event: Json, actor: int, at: float, position: int
    ) -> Json:
        ticket_json = ticket.to_json()
        texts = {
            name: _to_text(ticket_json[name]) for name in ("id", "requester_id", "assignee_id", "group_id")
        }
        detail = {
            **{
                name: ticket_json[name]
                for name in ("created_at", "updated_at", "description", "subject", "tags")
            },
            **texts,
            "external_id": ticket_json["external_id"],
            "actor_id": str(actor),
            "submitter_id": str(ticket.audits[0]["author_id"]),
            "is_public": True,
            "status": ticket.status.upper(),
            "via": {"channel": ticket.via},
        }
        meta = {"sequence": {"id": str(ticket.audits[-1]["id"]), "position": position}}
        return {
            "account_id": 22120001,
            "id": str(UUID(int=self._random.getrandbits(128))),
            "type": f"zen:event-type:ticket.{kind}",
            "subject": f"zen:ticket:{ticket.id}",
            "time": f"{format_time(at)[:-1]}.123456789Z",
            "detail": detail,
            "event": {**event, "meta": meta},
            "zendesk_event_version": "2022-11-06",
        }

    def _build_trigger_bodies(self, ticket: Ticket, audit: Json) -> Iterator[bytes]:
        """Build the bodies of the triggers whose conditions hold; comments made through the API fire none."""
        author = audit["author_id"]
        changed = {each.get("field_name"): each for each in audit["events"]}
        names = [
            "comment" if each["public"] else "note" for each in audit["events"] if each["type"] == "Comment"
        ]
        if author == BOT_ID:
            names = []
        if "assignee_id" in changed and ticket.assignee_id:
            names.append("assigned")
        if "status" in changed and author != BOT_ID:
            is_ended = ticket.status in ("solved", "closed")
            was_solved = changed["status"]["previous_value"] == "solved"
            names += ["solved"] if is_ended else ["reopened"] if was_solved else []
        for name in names:
            yield render_template(
                template(name), self._placeholder_values(ticket, author), self._get_file_urls(ticket)
            )

    def _get_file_urls(self, ticket: Ticket) -> Sequence[str]:
        return [each["content_url"] for each in ticket.comments[-1]["attachments"]]

    def _placeholder_values(self, ticket: Ticket, author: int) -> Mapping[str, str]:
        public = [each for each in ticket.comments if each["public"]]
        newest, newest_public = ticket.comments[-1], public[-1] if public else {"id": "", "plain_body": ""}
        return {
            "ticket.id": str(ticket.id),
            "ticket.external_id": ticket.external_id,
            "ticket.updated_at_with_timestamp": f"{format_time(ticket.updated)} {len(ticket.audits)}",
            "ticket.assignee.id": _to_text(ticket.assignee_id) or "",
            "ticket.requester.id": str(ticket.requester),
            "ticket.requester.email": self._tickets.get_person(ticket.requester),
            "ticket.status": ticket.status.capitalize(),
            "ticket.title": ticket.subject,
            "ticket.tags": " ".join(ticket.tags),
            "ticket.via": "Web form",
            "ticket.public_comments[0].id": str(newest_public["id"]),
            "ticket.comments[0].id": str(newest["id"]),
            "ticket.latest_public_comment": newest_public["plain_body"],
            "ticket.latest_comment": newest["plain_body"],
            "current_user.id": str(author),
            "current_user.name": self._tickets.get_user_name(author),
            "current_user.role": "Agent" if author in AGENTS else "End-user",
        }

    def _build_delivery(self, body: bytes, at: float) -> WebhookDelivery:
        timestamp = format_time(at)
        return WebhookDelivery(
            at=at,
            method="POST",
            url=self._url,
            headers={
                "content-type": "application/json",
                "user-agent": "Zendesk Webhook",
                "x-zendesk-account-id": "22120001",
                "x-zendesk-webhook-id": "01J8ZZZZZZZZZZZZZZZZZZZZZZ",
                "x-zendesk-webhook-invocation-id": f"01J9{self._random.getrandbits(80):022X}",
                "x-zendesk-webhook-signature": compute_signature(self._secret, timestamp, body),
                "x-zendesk-webhook-signature-timestamp": timestamp,
            },
            body=body,
            timeout=_WEBHOOK_TIMEOUT_SECONDS,
        )


def render_template(text: str, values: Mapping[str, str], files: Sequence[str]) -> bytes:
    """Fill in a template's placeholders, escaped for JSON, and its only loop, over files."""
    loop = re.compile(r"{% for attachment in .*? %}(.*?){% endfor %}")
    expanded = loop.sub(
        lambda match: "".join(match[1].replace("{{attachment.url}}", url) for url in files), text
    )
    return re.sub(r"{{(.*?)}}", lambda match: json.dumps(values[match[1]])[1:-1], expanded).encode()


def _to_text(value: Any) -> str | None:
    return None if value is None else str(value)
