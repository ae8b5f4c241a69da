"""Message templates of the simulated business account (Meta, "Template management")."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from channels._kit.simulator import SimulatorResponse
from channels.whatsapp.simulator.records import Json
from channels.whatsapp.simulator.responses import error_response, json_response

_DEFAULT_PAGE_SIZE: Final = 25
_MAX_PAGE_SIZE: Final = 500
_MAX_TEMPLATES: Final = 6_000
_PLACEHOLDER: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_DEFAULT_FIELDS: Final = "name,parameter_format,components,language,status,category,id"


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
        return any(not name.isdigit() for name in _PLACEHOLDER.findall(self.body))

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
    names = list(dict.fromkeys(_PLACEHOLDER.findall(str(part.get("text", "")))))
    if not names or kind not in ("HEADER", "BODY"):
        return part
    field, values = f"{kind.lower()}_text", [f"example {name}" for name in names]
    if not names[0].isdigit():
        named = [{"param_name": name, "example": f"example {name}"} for name in names]
        return {**part, "example": {f"{field}_named_params": named}}
    return {**part, "example": {field: [values] if kind == "BODY" else values}}


def _buttons(*buttons: Json) -> Json:
    return {"type": "BUTTONS", "buttons": list(buttons)}


def _header(kind: str, **more: str) -> Json:
    return {"type": "HEADER", "format": kind, **more}


_OTP_URL: Final = "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"

_CARD: Final = (
    _header("IMAGE"),
    {"type": "BODY", "text": "{{1}}, fresh today."},
    _buttons(
        {"type": "URL", "text": "Open", "url": "https://shop.example/{{1}}"},
        {"type": "QUICK_REPLY", "text": "More"},
    ),
)


def default_templates() -> list[MessageTemplate]:
    """Return the templates of a new account: one for each kind of component, and one that is paused."""
    return [
        MessageTemplate("hello_world", "en_US", "Hello World"),
        MessageTemplate("order_update", "en_US", "Hello {{1}}, your order {{2}} has left."),
        MessageTemplate("order_update", "de", "Hallo {{1}}, Ihre Bestellung {{2}} ist unterwegs."),
        MessageTemplate("spring_sale", "en_US", "Hello {{1}}, everything is cheaper.", "MARKETING", "PAUSED"),
        MessageTemplate(
            "appointment",
            "en_US",
            "Dear {{customer}}, we see you on {{day}} at noon.",
            parts=(_header("TEXT", text="For {{customer}}"), {"type": "FOOTER", "text": "Thank you"}),
        ),
        MessageTemplate(
            "invoice",
            "en_US",
            "Your invoice {{1}} is attached.",
            parts=(
                _header("DOCUMENT"),
                _buttons(
                    {"type": "URL", "text": "Pay", "url": "https://shop.example/pay/{{1}}"},
                    {"type": "QUICK_REPLY", "text": "Question"},
                ),
            ),
        ),
        MessageTemplate("pick_up", "en_US", "Your order is at our shop now.", parts=(_header("LOCATION"),)),
        MessageTemplate(
            "voucher",
            "en_US",
            "Here is your voucher, {{1}}.",
            "MARKETING",
            parts=(
                _header("IMAGE"),
                _buttons({"type": "COPY_CODE", "text": "Copy code", "example": ["SAVE10"]}),
            ),
        ),
        MessageTemplate(
            "sign_in",
            "en_US",
            "*{{1}}* is your verification code.",
            "AUTHENTICATION",
            parts=(_buttons({"type": "URL", "text": "Copy code", "url": _OTP_URL}),),
        ),
        MessageTemplate(
            "menu",
            "en_US",
            "Today for you, {{1}}:",
            "MARKETING",
            parts=(
                {
                    "type": "CAROUSEL",
                    "cards": [{"components": list(_CARD)}, {"components": list(_CARD)}],
                },
            ),
        ),
    ]


class TemplateStore:
    """Templates of one account, in order of creation."""

    def __init__(self, templates: Iterable[MessageTemplate]) -> None:
        self._templates = list(templates)
        for number, each in enumerate(self._templates, start=1):
            each.id = each.id or f"6000000000000{number:02}"

    def find(self, name: str, language: str) -> MessageTemplate | None:
        """Return a template."""
        return next(
            (each for each in self._templates if (each.name, each.language) == (name, language)), None
        )

    def add(self, template: MessageTemplate) -> None:
        """Add a template."""
        template.id = template.id or f"6100000000000{len(self._templates):02}"
        self._templates.append(template)

    def delete(self, name: str, language: str = "") -> bool:
        """Delete a template, in all languages if none is given; return whether there was one."""
        before = len(self._templates)
        self._templates = [
            each for each in self._templates if each.name != name or language not in ("", each.language)
        ]
        return len(self._templates) < before

    def change(
        self, name: str, language: str, *, status: str, quality: str, category: str, reason: str
    ) -> list[Json]:
        """Change a template and return the changes of webhooks. Raises `KeyError` for an unknown one."""
        found = self.find(name, language)
        if found is None:
            raise KeyError(name)
        about: Json = {
            "message_template_id": int(found.id),
            "message_template_name": name,
            "message_template_language": language,
        }
        changes: list[Json] = []
        if status:
            found.status, found.rejected_reason = status, reason
            value = {**about, "event": status, "reason": reason}
            changes.append({"field": "message_template_status_update", "value": value})
        if quality:
            value = {**about, "previous_quality_score": found.quality, "new_quality_score": quality}
            found.quality = quality
            changes.append({"field": "message_template_quality_update", "value": value})
        if category:
            value = {**about, "previous_category": found.category, "new_category": category}
            found.category = category
            changes.append({"field": "template_category_update", "value": value})
        if status == "DELETED":
            self.delete(name, language)
        return changes

    def list_page(self, query: str) -> SimulatorResponse:
        """Return a page of the list, with the cursor of the next one if there is one."""
        values = {name: found[-1] for name, found in parse_qs(query).items()}
        raw_limit, after = values.get("limit", str(_DEFAULT_PAGE_SIZE)), values.get("after", "")
        if not raw_limit.isdigit() or int(raw_limit) == 0:
            return error_response(400, 100, "Invalid parameter", "limit must be a positive number")
        start = _decode_cursor(after)
        if start is None:
            return error_response(400, 100, "Invalid parameter", "after is no cursor of this list")
        wanted = [
            each
            for each in self._templates
            if values.get("name", each.name) == each.name and values.get("status", each.status) == each.status
        ]
        end = start + min(int(raw_limit), _MAX_PAGE_SIZE)
        fields = values.get("fields", _DEFAULT_FIELDS).split(",")
        page: Json = {"data": [each.to_json(fields) for each in wanted[start:end]]}
        if page["data"]:
            cursors = {"before": _encode_cursor(start), "after": _encode_cursor(end)}
            page["paging"] = {"cursors": cursors}
            if end < len(wanted):
                page["paging"]["next"] = f"https://graph.facebook.com/?after={cursors['after']}"
        if "summary" in values:
            totals = {"total_count": len(wanted), "message_template_count": len(self._templates)}
            known = {**totals, "message_template_limit": _MAX_TEMPLATES, "are_translations_complete": False}
            page["summary"] = {name: known[name] for name in values["summary"].split(",") if name in known}
        return json_response(200, page)


def _encode_cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> int | None:
    if not cursor:
        return 0
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return None
    position = decoded.removeprefix("at:")
    return int(position) if position.isdigit() else None
