"""Message templates of the simulated business account (Meta, "Template messages")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from channels.whatsapp.simulator.message_validation import RefusedMessage
from channels.whatsapp.simulator.records import Json


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A template in one language; `body` has variables such as {{1}}."""

    name: str
    language: str
    body: str
    category: str = "UTILITY"
    status: str = "APPROVED"

    @property
    def variables(self) -> int:
        """Number of variables of the body."""
        return self.body.count("{{")

    def to_json(self) -> Json:
        """Return the JSON of the template list."""
        return {
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "components": [{"type": "BODY", "text": self.body}],
        }


DEFAULT_TEMPLATES: Final = (
    MessageTemplate("hello_world", "en_US", "Hello World"),
    MessageTemplate("order_update", "en_US", "Hello {{1}}, your order {{2}} has left."),
    MessageTemplate("order_update", "de", "Hallo {{1}}, Ihre Bestellung {{2}} ist unterwegs."),
    MessageTemplate("spring_sale", "en_US", "Hello {{1}}, everything is cheaper.", "MARKETING", "PAUSED"),
)


def validate_template(sent: Json, templates: Sequence[MessageTemplate]) -> None:
    """Raise `RefusedMessage` unless the template exists, is approved, and gets its number of variables."""
    name, language = sent["name"], sent["language"]["code"]
    found = next((each for each in templates if (each.name, each.language) == (name, language)), None)
    if found is None:
        raise RefusedMessage(132001, f"template name ({name}) does not exist in {language}")
    if found.status == "PAUSED":
        raise RefusedMessage(132015, f"template ({name}) is paused")
    if found.status != "APPROVED":
        raise RefusedMessage(132001, f"template ({name}) is not approved")
    parameters = [
        parameter
        for component in sent.get("components", ())
        if component["type"].lower() == "body"
        for parameter in component.get("parameters", ())
    ]
    if len(parameters) != found.variables:
        details = f"body: number of localizable_params ({len(parameters)}) does not match the expected number"
        raise RefusedMessage(132000, f"{details} of params ({found.variables})")
    if any(each["type"] == "text" and not str(each.get("text", "")).strip() for each in parameters):
        raise RefusedMessage(132012, "a text parameter is empty")
