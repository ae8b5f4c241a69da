"""Messenger card (Intercom, "Canvas Kit"): a question entered in it starts a conversation.

Intercom shows the returned canvas. The question is posted as the contact's own message, so it comes back as a
signed webhook like any other; no dialog takes place in the card.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import httpx

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_text
from channels.intercom.api import IntercomClient
from core.errors import DeliveryError
from core.ports import WebhookResponse

log = logging.getLogger("turngate.intercom")

_MAX_QUESTION_LENGTH: Final = 1000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CardTexts:
    """The card's texts in one language."""

    title: str
    ask: str
    thanks: str
    again: str
    empty: str
    failed: str


_CARD_TEXTS: Final = MappingProxyType(
    {
        "en": CardTexts(
            title="How can we help?",
            ask="Ask",
            thanks="Thank you. You find the answer in your messages.",
            again="Ask something else",
            empty="Please write your question first.",
            failed="That did not reach us. Please try again.",
        ),
        "de": CardTexts(
            title="Wie können wir helfen?",
            ask="Fragen",
            thanks="Danke. Die Antwort steht in Ihren Nachrichten.",
            again="Noch etwas fragen",
            empty="Bitte schreiben Sie zuerst Ihre Frage.",
            failed="Das ist nicht angekommen. Bitte versuchen Sie es noch einmal.",
        ),
        "es": CardTexts(
            title="¿En qué podemos ayudarle?",
            ask="Preguntar",
            thanks="Gracias. Encontrará la respuesta en sus mensajes.",
            again="Hacer otra pregunta",
            empty="Escriba primero su pregunta.",
            failed="No hemos recibido su pregunta. Inténtelo de nuevo.",
        ),
    }
)


class Card:
    """The card. `title` replaces the default title."""

    def __init__(self, title: str, api: IntercomClient) -> None:
        self._title = title
        self._api = api

    async def handle_request(self, request: JsonObject, http: httpx.AsyncClient) -> WebhookResponse:
        """Return the canvas for an initialize or submit request; errors are shown on it."""
        texts = _CARD_TEXTS.get(
            get_text(get_object(request, "context"), "locale", 10)[:2].lower(), _CARD_TEXTS["en"]
        )
        if get_text(request, "component_id", 60) != "ask":
            return self._build_card(texts)
        question = get_text(get_object(request, "input_values"), "question", _MAX_QUESTION_LENGTH).strip()
        contact = next(
            (candidate for name in ("contact", "user") if (candidate := get_object(request, name))), {}
        )
        if not question or not get_identifier(contact, "id"):
            return self._build_card(texts, error=texts.empty)
        role = get_text(contact, "role", 20) or get_text(contact, "type", 20)
        try:
            await self._api.post_as_contact(
                get_identifier(contact, "id"),
                role if role in ("user", "lead") else "contact",
                question,
                http,
                conversation=_get_conversation_id(request),
            )
        except DeliveryError as error:
            log.error("creating a conversation from the card failed: %s", error.reason)
            return self._build_card(texts, error=texts.failed, question=question)
        return _canvas_response(
            _text_component("thanks", texts.thanks), _button_component("again", texts.again, "secondary")
        )

    def _build_card(self, texts: CardTexts, *, error: str = "", question: str = "") -> WebhookResponse:
        field: Json = {"type": "input", "id": "question", "save_state": "unsaved", "value": question}
        return _canvas_response(
            _text_component("title", self._title or texts.title, style="header"),
            *([_text_component("said", error, style="error")] if error else []),
            field,
            _button_component("ask", texts.ask, "primary"),
        )


def _get_conversation_id(request: JsonObject) -> str:
    """Return the conversation that contains the card; empty on the Messenger's home screen."""
    identifier = get_identifier(get_object(request, "context"), "conversation_id", 60)
    return identifier if identifier.isalnum() else ""


def _text_component(name: str, text: str, style: str = "paragraph") -> Json:
    return {"type": "text", "id": name, "text": text, "style": style}


def _button_component(name: str, label: str, style: str) -> Json:
    return {"type": "button", "id": name, "label": label, "style": style, "action": {"type": "submit"}}


def _canvas_response(*components: Json) -> WebhookResponse:
    body = {"canvas": {"content": {"components": components}}}
    return WebhookResponse(
        content_type="application/json", body=json.dumps(body, ensure_ascii=False).encode()
    )
