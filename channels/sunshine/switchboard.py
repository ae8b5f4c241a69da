"""Who holds a conversation (Sunshine Conversations, "Switchboard")."""

from __future__ import annotations

from dataclasses import dataclass

from channels._kit.inbound.json import Object, child, name_of, word


@dataclass(frozen=True, slots=True)
class Switchboard:
    """Who holds a conversation, and whether that is us."""

    integration: str

    def is_ours(self, active: Object) -> bool:
        """Whether we hold control. Without an integration id every custom one, and nobody, counts as us."""
        if self.integration:
            return name_of(active, "integrationId") == self.integration
        return not active or word(active, "integrationType") == "custom"

    def is_offered(self, conversation: Object) -> bool:
        """Whether control is offered to us and nobody else has it: who answers then accepts it."""
        pending = child(conversation, "pendingSwitchboardIntegration")
        return bool(pending) and not active_of(conversation) and self.is_ours(pending)


def active_of(conversation: Object) -> Object:
    """The integration that holds control of a conversation; an empty object when nobody does."""
    return child(conversation, "activeSwitchboardIntegration")
