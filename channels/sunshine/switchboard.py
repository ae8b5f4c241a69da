"""Control of a conversation (Sunshine Conversations, "Switchboard")."""

from __future__ import annotations

from dataclasses import dataclass

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_text


@dataclass(frozen=True, slots=True)
class Switchboard:
    """Holder of a conversation's control, compared with the bot's integration."""

    integration: str

    def is_bot_active(self, active: JsonObject) -> bool:
        """Return whether the bot holds control.

        Without an integration id any custom one, and none, counts as the bot.
        """
        if self.integration:
            return get_identifier(active, "integrationId") == self.integration
        return not active or get_text(active, "integrationType") == "custom"

    def is_offered_to_bot(self, conversation: JsonObject) -> bool:
        """Return whether control is offered to the bot and nobody holds it: sending a message accepts it."""
        pending = get_object(conversation, "pendingSwitchboardIntegration")
        return bool(pending) and not get_active_integration(conversation) and self.is_bot_active(pending)


def is_from_agent(message: JsonObject) -> bool:
    """Return whether an agent wrote a message of the business."""
    source, subtypes = get_object(message, "source"), get_object(message, "author").get("subtypes")
    return (
        get_text(source, "type") == "zd:agentWorkspace"
        or any(name.startswith("__zendesk_msg.agent") for name in get_object(message, "metadata"))
        or (isinstance(subtypes, list) and "agent" in subtypes)
    )


def get_active_integration(conversation: JsonObject) -> JsonObject:
    """Return the integration that holds control of a conversation; an empty object if none does."""
    return get_object(conversation, "activeSwitchboardIntegration")
