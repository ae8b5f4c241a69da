"""Contacts and messages of the simulated workspace (Intercom, "Create a message", "Search contacts")."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from channels._kit.simulator import SimulatorResponse, TranscriptEntry
from channels.intercom.simulator.records import (
    ConversationStore,
    Json,
    build_contact_record,
    build_teammate,
    contact_id,
    visible_text,
)
from channels.intercom.simulator.validation import error_response, ok_response


class FirstMessages:
    """Messages of teammates that no contact has answered yet; the answer opens their conversation."""

    def __init__(self, contacts: dict[str, str], conversations: ConversationStore) -> None:
        """Create the store; `contacts` are people by contact ID."""
        self._contacts = contacts
        self._conversations = conversations
        self._unanswered: dict[str, Json] = {}

    def take_source(self, person: str) -> Json | None:
        """Return the newest message to a contact as the source of the conversation that they open."""
        return self._unanswered.pop(person, None)

    def handle(
        self, path: Sequence[str], sent: Json, admins: Mapping[str, str], now: float
    ) -> SimulatorResponse:
        """Search or create a contact, or send a message."""
        match path:
            case ["contacts", "search"]:
                return self._search(sent)
            case ["contacts"]:
                return self._create(sent)
        return self._send(sent, admins, now)

    def _search(self, sent: Json) -> SimulatorResponse:
        query = sent.get("query")
        if not isinstance(query, dict) or query.get("field") != "email" or query.get("operator") != "=":
            return error_response(400, "invalid_query", "query is invalid")
        number = contact_id(str(query.get("value")))
        data = [build_contact_record(self._contacts[number])] if number in self._contacts else []
        return ok_response({"type": "list", "total_count": len(data), "data": data})

    def _create(self, sent: Json) -> SimulatorResponse:
        email = sent.get("email")
        if not isinstance(email, str) or "@" not in email:
            return error_response(400, "parameter_invalid", "email is invalid")
        if contact_id(email) in self._contacts:
            return error_response(409, "conflict", "A contact matching those details already exists")
        self._contacts[contact_id(email)] = email
        return ok_response(build_contact_record(email))

    def _send(self, sent: Json, admins: Mapping[str, str], now: float) -> SimulatorResponse:
        sender, receiver = _get_id(sent.get("from"), ["admin"]), _get_id(sent.get("to"), ["user", "lead"])
        body = sent.get("body")
        if sender not in admins:
            return error_response(404, "admin_not_found", "Admin not found")
        person = self._contacts.get(receiver)
        if person is None:
            return error_response(404, "not_found", "User Not Found")
        kind = sent.get("message_type")
        needs = ("subject", "template") if kind == "email" else ()
        if kind not in ("inapp", "email") or not all(sent.get(name) for name in needs):
            return error_response(400, "parameter_invalid", "message_type, subject or template is invalid")
        if not isinstance(body, str) or not visible_text(body):
            return error_response(400, "parameter_not_found", "body is required")
        number = self._conversations.next_number()
        source: Json = {
            "type": "email" if kind == "email" else "conversation",
            "id": f"4039{number:06}",
            "delivered_as": "admin_initiated",
            "subject": sent.get("subject") or "",
            "body": body,
            "author": build_teammate(sender, admins[sender]),
            "attachments": [],
            "url": None,
            "redacted": False,
        }
        self._unanswered[person] = source
        entry = TranscriptEntry(
            number=number,
            at=now,
            direction="out",
            id=source["id"],
            ours="",
            person=person,
            text=visible_text(body),
        )
        self._conversations.record_entry(entry)
        message = {"type": "admin_message", "id": source["id"], "created_at": int(now), "body": body}
        return ok_response({**message, "message_type": kind, "owner": source["author"]})


def _get_id(value: Any, kinds: Collection[str]) -> str:
    """Return the ID of a sender or receiver of one of these kinds; empty if it is none."""
    is_valid = isinstance(value, dict) and value.get("type") in kinds and isinstance(value.get("id"), str)
    return str(value["id"]) if is_valid else ""
