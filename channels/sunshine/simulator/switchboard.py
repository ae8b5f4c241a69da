"""Switchboard of an app: passing control between the bot's integration and the agent workspace."""

from __future__ import annotations

from channels._kit.simulator import Exchange, MalformedRequest
from channels.sunshine.simulator.conversations import BOT_INTEGRATION, DESK_INTEGRATION, Conversation, Json
from channels.sunshine.simulator.message_validation import validate_metadata
from channels.sunshine.simulator.responses import error_response, json_response
from channels.sunshine.simulator.webhooks import WebhookSender


class Switchboard:
    """Changes who has control of a conversation, and reports it."""

    def __init__(self, webhooks: WebhookSender) -> None:
        self._webhooks = webhooks

    def handle(self, conversation: Conversation, what: str, sent: Json, now: float) -> Exchange:
        """Handle a call of the API: the response is 200, the outcome follows as a webhook."""
        validate_metadata(sent.get("metadata"))
        metadata = sent.get("metadata") or {}
        match what:
            case "passControl" if sent.get("switchboardIntegration") in (
                DESK_INTEGRATION["name"],
                DESK_INTEGRATION["id"],
                "next",
            ):
                event = self.pass_control(conversation, DESK_INTEGRATION, now, metadata=metadata)
            case "passControl" if not sent.get("switchboardIntegration"):
                raise MalformedRequest("switchboardIntegration is required")
            case "passControl":
                error = {"code": "switchboard_invalid_target", "message": "no such integration"}
                event = self._webhooks.build_event(
                    conversation, "switchboard:passControl:failure", now, error=error
                )
            case "acceptControl" if conversation.pending == BOT_INTEGRATION:
                conversation.active, conversation.pending = BOT_INTEGRATION, None
                event = self._webhooks.build_event(
                    conversation, "switchboard:acceptControl", now, metadata=metadata
                )
            case "releaseControl" if conversation.active == BOT_INTEGRATION:
                conversation.active = None
                event = self._webhooks.build_event(
                    conversation, "switchboard:releaseControl", now, metadata=metadata
                )
            case _:
                return error_response(403, "forbidden"), []
        return json_response(200, {}), self._webhooks.send([event], now)

    def pass_control(self, conversation: Conversation, to: Json, now: float, **fields: object) -> Json:
        """Give control to an integration; return the event."""
        conversation.active, conversation.pending = to, None
        return self._webhooks.build_event(conversation, "switchboard:passControl", now, **fields)
