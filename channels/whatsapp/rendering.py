"""Renders messages into Cloud API requests (Meta, "Messages")."""

from __future__ import annotations

import re
from typing import Any, Final

from channels._kit.rendering import (
    ASTERISK_DIALECT,
    attach_captions,
    attach_choices,
    render_markdown,
    should_use_list,
    split_text,
    truncate,
)
from channels.whatsapp.capabilities import CAPABILITIES, MAX_REPLY_KEY_LENGTH, is_phone_number
from core.model import Attachment, Message, MessagePart, Reply

_LIST_BUTTON_LABEL: Final = "Choose"
_TYPES_BY_CONTENT_TYPE: Final = {
    "image/jpeg": "image",
    "image/png": "image",
    "video/mp4": "video",
    "video/3gpp": "video",
}
_URL: Final = re.compile(r"https?://")

Json = dict[str, Any]


def render_parts(message: Message) -> list[MessagePart]:
    """Split a message by WhatsApp's limits; a template replaces everything else."""
    if message.template is not None:
        return [MessagePart(body="", template=message.template)]
    text = render_markdown(message.text, ASTERISK_DIALECT)
    if message.choices:
        media = [MessagePart(body="", media=(each,)) for each in message.media]
        parts = [*media, *attach_choices(text, message.choices, CAPABILITIES)]
    else:
        parts = attach_captions(split_text(text, CAPABILITIES.text_length), message.media, CAPABILITIES)
    if message.quotes and parts:
        parts[0] = parts[0].model_copy(update={"quotes": message.quotes})
    return parts


def build_request(reply: Reply, media_url: str) -> Json:
    """Build the JSON of one send. `media_url` is the URL prefix of media ids that Meta already has."""
    to = (
        "to" if is_phone_number(reply.address.theirs) else "recipient"
    )  # Meta silently drops a message with a user ID in "to"
    request: Json = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        to: reply.address.theirs,
        "biz_opaque_callback_data": reply.global_key[:MAX_REPLY_KEY_LENGTH],
        **_build_content(reply, media_url),
    }
    if reply.quotes and not reply.reaction:
        request["context"] = {"message_id": reply.quotes}
    return request


def _build_content(reply: Reply, media_url: str) -> Json:
    if reply.template is not None:
        texts = [{"type": "text", "text": text} for text in reply.template.parameters]
        template: Json = {"name": reply.template.name, "language": {"code": reply.template.language}}
        if texts:
            template["components"] = [{"type": "body", "parameters": texts}]
        return {"type": "template", "template": template}
    if reply.reaction:
        return {"type": "reaction", "reaction": {"message_id": reply.quotes, "emoji": reply.reaction}}
    if reply.choices:
        return {"type": "interactive", "interactive": _build_interactive(reply)}
    if reply.media:
        return _build_media(reply.media[0], reply.body, media_url)
    return {
        "type": "text",
        "text": {"body": reply.body, "preview_url": bool(_URL.search(reply.body))},
    }


def _build_interactive(reply: Reply) -> Json:
    body = {"text": reply.body}
    first = reply.choices[0]
    if first.url:
        link = {"display_text": first.label, "url": first.url}
        return {"type": "cta_url", "body": body, "action": {"name": "cta_url", "parameters": link}}
    if should_use_list(reply.choices, CAPABILITIES):
        rows = []
        for choice in reply.choices:
            row = {"id": choice.payload, "title": choice.label}
            if choice.description:
                row["description"] = choice.description
            rows.append(row)
        return {
            "type": "list",
            "body": body,
            "action": {"button": _LIST_BUTTON_LABEL, "sections": [{"rows": rows}]},
        }
    buttons = [
        {"type": "reply", "reply": {"id": choice.payload, "title": choice.label}} for choice in reply.choices
    ]
    return {"type": "button", "body": body, "action": {"buttons": buttons}}


def get_media_type(content_type: str) -> str:
    """Return Meta's type for a file: anything but an image, video or audio is a document."""
    plain = content_type.partition(";")[0].strip().lower()
    return "audio" if plain.startswith("audio/") else _TYPES_BY_CONTENT_TYPE.get(plain, "document")


def _build_media(medium: Attachment, caption: str, media_url: str) -> Json:
    """Build a media object, by id if Meta has the file, else by link."""
    kind = get_media_type(medium.content_type)
    is_uploaded = medium.url.startswith(f"{media_url}/")
    value: Json = {"id": medium.url.rpartition("/")[2]} if is_uploaded else {"link": medium.url}
    if caption and kind != "audio":
        value["caption"] = caption
    if medium.name and kind == "document":
        value["filename"] = truncate(medium.name, 240)
    return {"type": kind, kind: value}
