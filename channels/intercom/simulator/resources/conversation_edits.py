"""Calls that find, change and delete whole conversations (Intercom, "Conversations")."""

from __future__ import annotations

from urllib.parse import urlencode

from channels._kit.simulator import Exchange, SimulatorRequest, SimulatorResponse, parse_json_object
from channels.intercom.simulator.desk import DeskAgents
from channels.intercom.simulator.records import Conversation, ConversationStore, Json
from channels.intercom.simulator.resources.lists import list_conversations
from channels.intercom.simulator.resources.search import matches
from channels.intercom.simulator.validation import error_response, ok_response
from channels.intercom.simulator.webhooks import WebhookSender


class ConversationEdits:
    """Handles these calls, and sends the webhooks that follow."""

    def __init__(self, conversations: ConversationStore, agents: DeskAgents, webhooks: WebhookSender) -> None:
        self._conversations = conversations
        self._agents = agents
        self._webhooks = webhooks

    def search(self, request: SimulatorRequest) -> SimulatorResponse:
        """Return a page of the conversations that match (Intercom, "Search conversations")."""
        sent = parse_json_object(request)
        version = request.headers.get("intercom-version", "2.14")
        items = [each.to_list_item(version) for each in self._conversations.list_newest_first()]
        found = [item for item in items if matches(item, sent.get("query"))]
        paging = sent.get("pagination")
        return ok_response(list_conversations(found, urlencode(paging if isinstance(paging, dict) else {})))

    def redact(self, sent: Json, now: float) -> Exchange:
        """Redact a part with a body or a contact's first message (Intercom, "Redact a conversation")."""
        conversation = self._conversations.find(str(sent.get("conversation_id")))
        source = [conversation.source] if conversation else []
        by_type = {"source": source, "conversation_part": conversation.parts if conversation else []}
        kind = str(sent.get("type"))
        found = [each for each in by_type.get(kind, ()) if each["id"] == sent.get(f"{kind}_id")]
        if conversation is None or not found:
            text = "Conversation part or message not found"
            return error_response(404, "conversation_part_or_message_not_found", text), []
        if not (found[0]["body"] and (kind != "source" or found[0]["author"]["type"] == "user")):
            return error_response(400, "conversation_part_not_redactable", "It cannot be redacted"), []
        conversation.redact(found[0]["id"])
        shown = conversation.to_json([] if kind == "source" else found)
        follows = self._webhooks.notify("conversation_part.redacted", shown, now)
        return ok_response(conversation.to_json(conversation.parts)), follows

    def set_attributes(self, conversation: Conversation, sent: Json, version: str) -> SimulatorResponse:
        """Set title and custom attributes (Intercom, "Update a conversation")."""
        attributes = sent.get("custom_attributes", {})
        if not isinstance(attributes, dict):
            return error_response(400, "parameter_invalid", "custom_attributes is invalid")
        conversation.custom_attributes.update(attributes)
        conversation.title = sent.get("title", conversation.title)
        return ok_response(conversation.to_json(conversation.parts, version))

    def delete(self, conversation: Conversation, now: float) -> Exchange:
        """Delete a conversation (Intercom, "Delete a conversation")."""
        notification = self._agents.delete(conversation)
        deleted = {"id": conversation.id, "object": "conversation", "deleted": True}
        return ok_response(deleted), self._webhooks.notify(*notification, now)
