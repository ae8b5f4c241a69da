"""Actions of an agent at the workspace."""

from __future__ import annotations

from random import Random
from typing import Final

from channels._kit.simulator import WebhookDelivery
from channels.sunshine.simulator.conversations import (
    BOT_INTEGRATION,
    DESK_INTEGRATION,
    Conversation,
    ConversationStore,
    Json,
    build_message,
    draw_id,
)
from channels.sunshine.simulator.switchboard import Switchboard
from channels.sunshine.simulator.webhooks import WebhookSender

_AGENT_AUTHOR: Final = {"type": "business", "displayName": "Grace"}


class AgentWorkspace:
    """Runs actions of the agent Grace."""

    def __init__(
        self,
        conversations: ConversationStore,
        switchboard: Switchboard,
        webhooks: WebhookSender,
        random: Random,
    ) -> None:
        self._conversations = conversations
        self._switchboard = switchboard
        self._webhooks = webhooks
        self._random = random

    def run(
        self, conversation: Conversation, action_name: str, text: str, now: float
    ) -> list[WebhookDelivery]:
        """Run an action. Raises `KeyError` if there is nobody to merge with."""
        pass_control, build_event = self._switchboard.pass_control, self._webhooks.build_event
        match action_name:
            case "reply":
                events = self._reply(conversation, text, now)
            case "take":
                events = [pass_control(conversation, DESK_INTEGRATION, now)]
            case "give_back":
                events = [pass_control(conversation, BOT_INTEGRATION, now, reason="ticketClosed")]
            case "offer":
                conversation.active, conversation.pending = None, BOT_INTEGRATION
                events = [build_event(conversation, "switchboard:offerControl", now)]
            case "release":
                conversation.active = conversation.pending = None
                events = [build_event(conversation, "switchboard:releaseControl", now, reason="ticketClosed")]
            case "merge":
                other = self._conversations.find(text)
                if other is None or other is conversation:
                    raise KeyError(text)
                payload = self._conversations.merge(conversation, other)
                events = [self._webhooks.wrap_event("user:merge", payload, now)]
            case _:
                events = [build_event(conversation, "conversation:remove", now)]
                del self._conversations.by_id[conversation.id]
        return self._webhooks.send(events, now)

    def _reply(self, conversation: Conversation, text: str, now: float) -> list[Json]:
        """Reply, taking control first if the workspace does not have it."""
        events = []
        if conversation.active != DESK_INTEGRATION:
            events.append(self._switchboard.pass_control(conversation, DESK_INTEGRATION, now))
        content, source = {"type": "text", "text": text}, {"type": "zd:agentWorkspace"}
        message = build_message(draw_id(self._random), _AGENT_AUTHOR, content, source, now)
        message["metadata"] = {"__zendesk_msg.agent.id": "8447000000002"}
        self._conversations.record_message(conversation, message, "agent", now)
        return [
            *events,
            self._webhooks.build_event(conversation, "conversation:message", now, message=message),
        ]
