"""Templates of a new account."""

from __future__ import annotations

from typing import Final

from channels.whatsapp.simulator.records import Json
from channels.whatsapp.simulator.templates.message_template import MessageTemplate


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
