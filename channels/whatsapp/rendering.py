"""Renders messages into Cloud API requests (Meta, "Messages")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from channels._kit.outbound import normalize_content_type
from channels._kit.rendering import (
    ASTERISK_DIALECT,
    attach_captions,
    attach_choices,
    attach_voice_note,
    build_template,
    render_markdown,
    should_use_list,
    split_text,
    truncate,
)
from channels.whatsapp.capabilities import CAPABILITIES, MAX_REPLY_KEY_LENGTH, is_phone_number
from core.model import Attachment, Message, MessagePart, Reply, file_name

_LIST_BUTTON_LABEL: Final = "Choose"
_TYPES_BY_CONTENT_TYPE: Final = {
    **dict.fromkeys(("image/jpeg", "image/png"), "image"),
    **dict.fromkeys(("video/mp4", "video/3gpp"), "video"),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), "audio"),
}
"""Meta, "Media"; a file of any other type is a document."""

_CODECS: Final = re.compile(r"codecs\s*=\s*\"?([\w.-]+)", re.IGNORECASE)

_MAX_FILE_NAME_LENGTH: Final = 240
_MAX_LIST_BUTTON_LENGTH: Final = 20
_URL: Final = re.compile(r"https?://")
VOICE_NOTE: Final = Attachment(url="", content_type="audio/ogg; codecs=opus", name="voice.ogg")
"""The type and name of a recording that is sent as a voice note."""

Json = dict[str, Any]


def render_parts(message: Message) -> list[MessagePart]:
    """Split a message by WhatsApp's limits; a template replaces everything else."""
    if message.template is not None:
        return [MessagePart(body="", template=message.template)]
    text = render_markdown(message.text, ASTERISK_DIALECT)
    if message.choices:
        parts = _attach_header(attach_choices(text, message.choices, CAPABILITIES), message)
    elif message.requests_location and text:
        parts = _request_location(text, message.media)
    else:
        bodies = split_text(text, CAPABILITIES.text_length)
        parts = attach_captions(bodies, message.media, CAPABILITIES, _takes_text)
    if message.voice is not None:
        parts = attach_voice_note(message.voice, text, parts, message)
    if message.quotes and parts:
        parts[0] = parts[0].model_copy(update={"quotes": message.quotes})
    if message.reaction and message.quotes:
        parts.insert(0, MessagePart(body="", quotes=message.quotes, reaction=message.reaction))
    return parts


def _attach_header(parts: list[MessagePart], message: Message) -> list[MessagePart]:
    """Put the last file above the buttons, in one message; other files and those of a list stand before."""
    *before, last = parts
    media = list(message.media)
    if last.choices:
        is_list = should_use_list(last.choices, CAPABILITIES)
        header = (media.pop(),) if media and not is_list and _takes_text(media[-1]) else ()
        last = last.model_copy(
            update={"media": header, "list_button": message.list_button if is_list else ""}
        )
    return [*_separate(media), *before, last]


def _request_location(text: str, media: Sequence[Attachment]) -> list[MessagePart]:
    *before, last = split_text(text, CAPABILITIES.choices_text_length)
    request = MessagePart(body=last, requests_location=True)
    return [*_separate(media), *(MessagePart(body=body) for body in before), request]


def _separate(media: Sequence[Attachment]) -> list[MessagePart]:
    return [MessagePart(body="", media=(each,)) for each in media]


def _takes_text(medium: Attachment) -> bool:
    """Return whether a file takes a caption or stands above buttons: any but sound."""
    return get_media_type(medium.content_type) != "audio"


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
        return {"type": "template", "template": build_template(reply.template)}
    if reply.reaction:
        return {"type": "reaction", "reaction": {"message_id": reply.quotes, "emoji": reply.reaction}}
    if reply.choices or reply.requests_location:
        interactive = _build_interactive(reply)
        if reply.media:
            interactive["header"] = _build_media(reply.media[0], "", media_url)
        return {"type": "interactive", "interactive": interactive}
    if reply.media:
        return _build_media(reply.media[0], reply.body, media_url)
    return {
        "type": "text",
        "text": {"body": reply.body, "preview_url": bool(_URL.search(reply.body))},
    }


def _build_interactive(reply: Reply) -> Json:
    body = {"text": reply.body}
    if reply.requests_location:
        return {"type": "location_request_message", "body": body, "action": {"name": "send_location"}}
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
            "action": {
                "button": truncate(reply.list_button, _MAX_LIST_BUTTON_LENGTH) or _LIST_BUTTON_LABEL,
                "sections": [{"rows": rows}],
            },
        }
    buttons = [
        {"type": "reply", "reply": {"id": choice.payload, "title": choice.label}} for choice in reply.choices
    ]
    return {"type": "button", "body": body, "action": {"buttons": buttons}}


def get_media_type(content_type: str) -> str:
    """Return Meta's type for a file: anything but an image, video or audio that Meta takes is a document.

    Of Ogg Meta takes Opus only.
    """
    codec = _CODECS.search(content_type)
    if codec and normalize_content_type(content_type) == "audio/ogg" and codec[1].lower() != "opus":
        return "document"
    return _TYPES_BY_CONTENT_TYPE.get(normalize_content_type(content_type), "document")


def _build_media(medium: Attachment, caption: str, media_url: str) -> Json:
    """Build a media object, by id if Meta has the file, else by link."""
    kind = get_media_type(medium.content_type)
    is_uploaded = medium.url.startswith(f"{media_url}/")
    value: Json = {"id": medium.url.rpartition("/")[2]} if is_uploaded else {"link": medium.url}
    if is_uploaded and medium.content_type == VOICE_NOTE.content_type:
        value["voice"] = True
    if caption and kind != "audio":
        value["caption"] = caption
    if kind == "document" and (name := file_name(medium.url, medium.name)):
        value["filename"] = truncate(name, _MAX_FILE_NAME_LENGTH)
    return {"type": kind, kind: value}
