"""Who holds a conversation (Sunshine Conversations, "Switchboard")."""

from __future__ import annotations

from dataclasses import dataclass

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_text


@dataclass(frozen=True, slots=True)
class Switchboard:
    """Who holds a conversation, and whether that is us."""

    integration: str

    def is_bot_active(self, active: JsonObject) -> bool:
        """Whether we hold control. Without an integration id every custom one, and nobody, counts as us."""
        if self.integration:
            return get_identifier(active, "integrationId") == self.integration
        return not active or get_text(active, "integrationType") == "custom"

    def is_offered_to_bot(self, conversation: JsonObject) -> bool:
        """Whether control is offered to us and nobody else has it: who answers then accepts it."""
        pending = get_object(conversation, "pendingSwitchboardIntegration")
        return bool(pending) and not get_active_integration(conversation) and self.is_bot_active(pending)


def get_active_integration(conversation: JsonObject) -> JsonObject:
    """The integration that holds control of a conversation; an empty object when nobody does."""
    return get_object(conversation, "activeSwitchboardIntegration")
