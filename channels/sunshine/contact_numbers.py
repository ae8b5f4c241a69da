"""Phone numbers of contacts: recipients of first messages, and recognition of their answers.

A conversation is named by its ID, which is not known before the contact answers. Until then the session is
named by the integration and the number; the answer names both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from channels._kit.inbound import JsonObject, canonical_number, get_identifier, get_object, get_text
from channels._kit.outbound import parse_phone_number, select_sender
from channels.sunshine.capabilities import NAME, WHATSAPP_PREFIX
from core.errors import ConfigurationError, InvalidContact
from core.model import Address
from core.ports import NewConversation

SETTING: Final = "SUNSHINE_NOTIFICATION_INTEGRATIONS"
_WHATSAPP: Final = "whatsapp"
_SMS: Final = "sms"
_TYPES: Final = (_WHATSAPP, "twilio", "messagebird")
"""Types of integrations whose contacts have phone numbers (Sunshine Conversations, "Match criteria")."""

_ENTRY: Final = re.compile(r"([a-z]+):([0-9A-Za-z_-]{1,64})")
_CONVERSATION: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER: Final = re.compile(r"\+?\d{5,20}", re.ASCII)


def is_number(address: Address) -> bool:
    """Return whether an address is a phone number, whose contact has not answered yet."""
    return address.theirs.removeprefix(WHATSAPP_PREFIX).startswith("+")


@dataclass(frozen=True, slots=True)
class NumberedIntegrations:
    """Integrations of an app through which the business may send first messages: their types by ID."""

    app: str
    types: Mapping[str, str]

    def start_conversation(self, to: str, sender: str) -> NewConversation:
        """Return the conversation with a number; `sender` is an integration. Raises `InvalidContact`."""
        if not self.types:
            raise InvalidContact(f"Zendesk messaging needs {SETTING} to send the first message")
        integration = select_sender(sender.strip(), list(self.types), SETTING)
        if integration not in self.types:
            raise InvalidContact(f"`from` must be the ID of an integration that {SETTING} names")
        number = parse_phone_number(to)
        prefix = WHATSAPP_PREFIX if self.types[integration] == _WHATSAPP else ""
        address = Address(channel=NAME, account=self.app, ours=integration, theirs=prefix + number)
        name = self._name(integration, number)
        return NewConversation(address, name, (name,), self._name_consent(integration, number))

    def name_author(self, source: JsonObject) -> str:
        """Return the name of the session of a message's author; empty without a number.

        `source` has a client if the webhook has the option `includeFullSource`.
        """
        return self.name_contact(_find_integration(source), find_number(source))

    def name_consent(self, source: JsonObject) -> tuple[str, ...]:
        """Return the name under which an author's opt-out applies to all integrations of one kind."""
        integration, number = _find_integration(source), find_number(source)
        if not self.name_contact(integration, number):
            return ()
        return self._name_consent(integration, f"+{number.removeprefix('+')}")

    def name_contact(self, integration: str, number: str) -> str:
        """Return the name of the session with a number of an integration; empty if that is not named here."""
        if integration not in self.types or not _NUMBER.fullmatch(number):
            return ""
        return self._name(integration, f"+{number.removeprefix('+')}")

    def join_names(self, conversation: str, contact: str) -> tuple[str, ...]:
        """Return both names of a contact's session, the more reliable first; empty if one is missing."""
        if not contact or not _CONVERSATION.fullmatch(conversation):
            return ()
        return f"{NAME}:{self.app}:{conversation}", contact

    def _name(self, integration: str, number: str) -> str:
        return f"{NAME}:{self.app}:{integration}:{canonical_number(number)}"

    def _name_consent(self, integration: str, number: str) -> tuple[str, ...]:
        kind = _WHATSAPP if self.types[integration] == _WHATSAPP else _SMS
        return (self._name(f"*{kind}", number),)


def _find_integration(source: JsonObject) -> str:
    return get_identifier(source, "integrationId") or get_identifier(
        get_object(source, "client"), "integrationId"
    )


def is_phone_source(source: JsonObject) -> bool:
    """Return whether a message came by SMS or WhatsApp."""
    return get_text(source, "type", 40) in _TYPES


def find_number(source: JsonObject) -> str:
    """Return the number of a message's author; empty if they are known by another ID, or by none."""
    client = get_object(source, "client")
    number = get_identifier(client, "externalId", 40)
    return number if get_text(client, "type", 40) in _TYPES and _NUMBER.fullmatch(number) else ""


def parse_integrations(app: str, value: str) -> NumberedIntegrations:
    """Read the setting, such as `whatsapp:ID,twilio:ID`. Raises `ConfigurationError`."""
    types = {}
    for entry in filter(None, map(str.strip, value.split(","))):
        found = _ENTRY.fullmatch(entry)
        if found is None or found[1] not in _TYPES:
            raise ConfigurationError(
                f"{SETTING} must be type:ID, comma-separated; the types are {', '.join(_TYPES)}"
            )
        types[found[2]] = found[1]
    return NumberedIntegrations(app, types)
