"""Renders messages into Intercom comments (Intercom, "Reply to a conversation")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid5

from channels._kit.rendering import (
    attach_choices,
    escape_markdown,
    format_numbered_list,
    markdown_to_html,
    split_text,
    text_to_html,
)
from channels.intercom.capabilities import CAPABILITIES
from core.model import Attachment, Choice, Message, MessagePart, Reply

_OPTION_NAMESPACE: Final = UUID("6c1f6a0a-6f0a-5f0e-9d53-0f4f1a7b9c11")

Json = dict[str, Any]


def render_parts(message: Message) -> list[MessagePart]:
    """Split a message by Intercom's limits; bodies stay CommonMark until they are sent.

    Quick replies are a separate call, which shows no text: it follows the question. Its body is for the
    session's log.
    """
    capabilities = CAPABILITIES
    images = [each for each in message.media if each.content_type.startswith("image/")]
    files = [_format_media_link(each) for each in message.media if each not in images]
    text = "\n\n".join([message.text.strip(), *files]).strip()
    parts = attach_choices(text, message.choices, capabilities)
    if parts and parts[-1].choices:
        choice_part = parts.pop()
        labels = " / ".join(choice.label for choice in choice_part.choices)
        parts += [MessagePart(body=choice_part.body), MessagePart(body=labels, choices=choice_part.choices)]
    else:
        parts = [
            MessagePart(body=body)
            for body in split_text(_append_choice_list(text, message.choices), capabilities.text_length)
        ]
    image_groups = [
        tuple(images[at : at + capabilities.media]) for at in range(0, len(images), capabilities.media)
    ]
    return [*(MessagePart(body="", media=each) for each in image_groups), *parts]


def build_comment(reply: Reply) -> Json:
    """Build the JSON of one comment, without its author."""
    if reply.choices:
        options = [
            {"text": choice.label, "uuid": build_option_id(reply, at)}
            for at, choice in enumerate(reply.choices)
        ]
        return {"message_type": "quick_reply", "reply_options": options}
    comment: Json = {"message_type": "comment", "body": render_comment_html(reply)}
    if reply.media:
        comment["attachment_urls"] = [medium.url for medium in reply.media]
    return comment


def render_comment_html(reply: Reply) -> str:
    """Render a comment's HTML; for images alone their names, because a comment must have a body."""
    return markdown_to_html(reply.body or "\n\n".join(map(_format_media_link, reply.media)))


def render_note_html(reply: Reply) -> str:
    """Render the HTML of the hand-off note."""
    return text_to_html(reply.body or "The bot handed this conversation over to an agent.")


def build_option_id(reply: Reply, at: int) -> str:
    """Return the id of a quick reply, derived from the reply, so that it is recognised again."""
    return str(uuid5(_OPTION_NAMESPACE, f"{reply.global_key}:{at}"))


def _append_choice_list(text: str, choices: Sequence[Choice]) -> str:
    """Append numbered choices to a text; labels are shown literally, links lead to their pages."""
    labels = [
        f"[{escape_markdown(choice.label)}](<{choice.url}>)"
        if re.fullmatch(r"https?://[^\s<>]+", choice.url)
        else escape_markdown(f"{choice.label} {choice.url}".strip())
        for choice in choices
    ]
    return f"{text}\n\n{format_numbered_list(labels)}".strip() if choices else text


def _format_media_link(medium: Attachment) -> str:
    name = medium.name or unquote(urlsplit(medium.url).path.rpartition("/")[2]) or medium.url
    return f"[{escape_markdown(name)}](<{medium.url}>)"
