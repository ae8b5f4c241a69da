"""A message as comments of Intercom (Intercom, "Reply to a conversation")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid5

from channels._kit.rendering.html import html, html_of_text
from channels._kit.rendering.markdown import numbered
from channels._kit.rendering.message_parts import with_choices
from channels._kit.rendering.text_splitter import split
from channels.intercom.capabilities import CAPABILITIES
from core.model.message import Choice, Message, Part, Reply
from core.model.turn import Attachment

_OURS: Final = UUID("6c1f6a0a-6f0a-5f0e-9d53-0f4f1a7b9c11")
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>~]")

Json = dict[str, Any]


def parts(message: Message) -> list[Part]:
    """Cut a message to Intercom's limits; bodies stay CommonMark until they are sent.

    Quick replies are a call of their own, which shows no text: it follows the question. Its body is what the
    session's log shows.
    """
    can = CAPABILITIES
    images = [each for each in message.media if each.content_type.startswith("image/")]
    files = [_linked(each) for each in message.media if each not in images]
    text = "\n\n".join([message.text.strip(), *files]).strip()
    made = with_choices(text, message.choices, can)
    if made and made[-1].choices:
        asked = made.pop()
        labels = " / ".join(choice.label for choice in asked.choices)
        made += [Part(body=asked.body), Part(body=labels, choices=asked.choices)]
    else:
        made = [Part(body=body) for body in split(_listed(text, message.choices), can.text_length)]
    shown = [tuple(images[at : at + can.media]) for at in range(0, len(images), can.media)]
    return [*(Part(body="", media=each) for each in shown), *made]


def request(reply: Reply) -> Json:
    """The JSON of one comment, without who says it."""
    if reply.choices:
        options = [
            {"text": choice.label, "uuid": option_id(reply, at)} for at, choice in enumerate(reply.choices)
        ]
        return {"message_type": "quick_reply", "reply_options": options}
    made: Json = {"message_type": "comment", "body": body_of(reply)}
    if reply.media:
        made["attachment_urls"] = [medium.url for medium in reply.media]
    return made


def body_of(reply: Reply) -> str:
    """The HTML of a comment; of pictures alone their names, because a comment must have a body."""
    return html(reply.body or "\n\n".join(map(_linked, reply.media)))


def note_of(reply: Reply) -> str:
    """The HTML of the note that goes along with a hand-off."""
    return html_of_text(reply.body or "The bot asks a person to go on here.")


def option_id(reply: Reply, at: int) -> str:
    """The id of a quick reply: always the same for one reply of ours, so that it is known again."""
    return str(uuid5(_OURS, f"{reply.name}:{at}"))


def _listed(text: str, choices: Sequence[Choice]) -> str:
    """The text with numbered choices below, whose labels are shown as they are; links lead to their pages."""
    labels = [
        f"[{_plain(choice.label)}](<{choice.url}>)"
        if re.fullmatch(r"https?://[^\s<>]+", choice.url)
        else _plain(f"{choice.label} {choice.url}".strip())
        for choice in choices
    ]
    return f"{text}\n\n{numbered(labels)}".strip() if choices else text


def _linked(medium: Attachment) -> str:
    name = medium.name or unquote(urlsplit(medium.url).path.rpartition("/")[2]) or medium.url
    return f"[{_plain(name)}](<{medium.url}>)"


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))
