"""A message template with its components, as the template list has it (Meta, "Template components")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from channels.whatsapp.simulator.records import Json

PLACEHOLDER: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(slots=True)
class MessageTemplate:
    """A template in one language; `body` has variables such as {{1}}. `parts` are its other components."""

    name: str
    language: str
    body: str
    category: str = "UTILITY"
    status: str = "APPROVED"
    parts: tuple[Json, ...] = ()
    quality: str = "UNKNOWN"
    rejected_reason: str = "NONE"
    id: str = ""

    @property
    def components(self) -> list[Json]:
        """All components, in the order of the template list."""
        headers = [part for part in self.parts if part["type"] == "HEADER"]
        others = [part for part in self.parts if part["type"] != "HEADER"]
        return [*headers, {"type": "BODY", "text": self.body}, *others]

    @property
    def has_named_parameters(self) -> bool:
        """Return whether the variables of the texts have names instead of numbers."""
        return any(not name.isdigit() for name in PLACEHOLDER.findall(self.body))

    def to_json(self, fields: Iterable[str]) -> Json:
        """Return the requested fields of the template list, and the id."""
        known: Json = {
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "components": [_with_examples(part) for part in self.components],
            "parameter_format": "NAMED" if self.has_named_parameters else "POSITIONAL",
            "quality_score": {"score": self.quality, "date": 1_790_000_000},
            "rejected_reason": self.rejected_reason,
        }
        return {**{name: known[name] for name in fields if name in known}, "id": self.id}


def _with_examples(part: Json) -> Json:
    """Add the examples that the business gave when it made the template, as the list has them."""
    kind = part["type"]
    if kind == "BUTTONS":
        return {**part, "buttons": [_with_examples(button) for button in part["buttons"]]}
    if kind == "CAROUSEL":
        cards = [
            {"components": [_with_examples(each) for each in card["components"]]} for card in part["cards"]
        ]
        return {**part, "cards": cards}
    if kind == "URL" and "{{" in part["url"]:
        return {**part, "example": [part["url"].replace("{{1}}", "example")]}
    if kind == "HEADER" and part["format"] in ("IMAGE", "VIDEO", "DOCUMENT"):
        return {**part, "example": {"header_handle": ["https://scontent.example/file"]}}
    names = list(dict.fromkeys(PLACEHOLDER.findall(str(part.get("text", "")))))
    if not names or kind not in ("HEADER", "BODY"):
        return part
    field, values = f"{kind.lower()}_text", [f"example {name}" for name in names]
    if not names[0].isdigit():
        named = [{"param_name": name, "example": f"example {name}"} for name in names]
        return {**part, "example": {f"{field}_named_params": named}}
    return {**part, "example": {field: [values] if kind == "BODY" else values}}
