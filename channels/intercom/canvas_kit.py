"""The card in the Messenger (Intercom, "Canvas Kit"): a question asked there begins a conversation.

Intercom shows what we answer. The question goes to Intercom as the person's own message, so it comes back as
any other message does, by a signed webhook; nothing of the dialog takes place in the card.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import httpx

from channels._kit.inbound.json import Object, child, name_of, word
from channels.intercom.api import Api
from core.errors import DeliveryError
from core.ports.channel import Answer

log = logging.getLogger("turngate.intercom")

_LONGEST_QUESTION: Final = 1000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """What the card says in one language."""

    title: str
    ask: str
    thanks: str
    again: str
    empty: str
    failed: str


_WORDS: Final = MappingProxyType(
    {
        "en": Words(
            title="How can we help?",
            ask="Ask",
            thanks="Thank you. You find the answer in your messages.",
            again="Ask something else",
            empty="Please write your question first.",
            failed="That did not reach us. Please try again.",
        ),
        "de": Words(
            title="Wie können wir helfen?",
            ask="Fragen",
            thanks="Danke. Die Antwort steht in Ihren Nachrichten.",
            again="Noch etwas fragen",
            empty="Bitte schreiben Sie zuerst Ihre Frage.",
            failed="Das ist nicht angekommen. Bitte versuchen Sie es noch einmal.",
        ),
    }
)


class Card:
    """The card. `title` stands in the place of its own."""

    def __init__(self, title: str, api: Api) -> None:
        self._title = title
        self._api = api

    async def answer(self, request: Object, http: httpx.AsyncClient) -> Answer:
        """The canvas for an initialize or a submit request; what goes wrong is said on it."""
        words = _WORDS.get(word(child(request, "context"), "locale", 10)[:2].lower(), _WORDS["en"])
        if word(request, "component_id", 60) != "ask":
            return self._card(words)
        question = word(child(request, "input_values"), "question", _LONGEST_QUESTION).strip()
        person = next((found for name in ("contact", "user") if (found := child(request, name))), {})
        if not question or not name_of(person, "id"):
            return self._card(words, said=words.empty)
        role = word(person, "role", 20) or word(person, "type", 20)
        try:
            await self._api.ask_as(
                name_of(person, "id"),
                role if role in ("user", "lead") else "contact",
                question,
                http,
                conversation=_conversation(request),
            )
        except DeliveryError as error:
            log.error("a question from the card was not taken: %s", error.reason)
            return self._card(words, said=words.failed, question=question)
        return _canvas(_text("thanks", words.thanks), _button("again", words.again, "secondary"))

    def _card(self, words: Words, *, said: str = "", question: str = "") -> Answer:
        field: Json = {"type": "input", "id": "question", "save_state": "unsaved", "value": question}
        return _canvas(
            _text("title", self._title or words.title, style="header"),
            *([_text("said", said, style="error")] if said else []),
            field,
            _button("ask", words.ask, "primary"),
        )


def _conversation(request: Object) -> str:
    """The conversation that the card stands in; empty on the Messenger's home."""
    found = name_of(child(request, "context"), "conversation_id", 60)
    return found if found.isalnum() else ""


def _text(name: str, text: str, style: str = "paragraph") -> Json:
    return {"type": "text", "id": name, "text": text, "style": style}


def _button(name: str, label: str, style: str) -> Json:
    return {"type": "button", "id": name, "label": label, "style": style, "action": {"type": "submit"}}


def _canvas(*components: Json) -> Answer:
    body = {"canvas": {"content": {"components": components}}}
    return Answer(content_type="application/json", body=json.dumps(body, ensure_ascii=False).encode())
