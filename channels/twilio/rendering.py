"""Renders messages for Twilio: as SMS, or in WhatsApp's dialect."""

from __future__ import annotations

from collections.abc import Sequence

from channels._kit.rendering import (
    ASTERISK_DIALECT,
    PLAIN_DIALECT,
    append_numbered_list,
    attach_captions,
    attach_choices,
    attach_voice_note,
    count_segments,
    escape_markers,
    render_markdown,
    split_text,
    to_gsm7_friendly,
    utf16_length,
)
from channels.twilio.capabilities import CAPABILITIES, WHATSAPP_CAPABILITIES, is_whatsapp
from core.model import Address, Attachment, Message, MessagePart, Reply, Template


def render_parts(message: Message, address: Address) -> list[MessagePart]:
    """Split a message by Twilio's limits, in the dialect of its address.

    By SMS, choices are a numbered list. A template replaces everything but the first part of the text, which
    is sent if the account has no such template.
    """
    if message.template is not None:
        return [_render_template(message, message.template, address)]
    if is_whatsapp(address.theirs):
        return _render_for_whatsapp(message)
    text = append_numbered_list(render_markdown(message.text, PLAIN_DIALECT), message.choices)
    bodies = split_text(to_gsm7_friendly(text), CAPABILITIES.text_length)
    return [_add_segment_count(part) for part in _attach_media(bodies, message.media)]


def _render_template(message: Message, template: Template, address: Address) -> MessagePart:
    texts = render_parts(message.model_copy(update={"template": None, "choices": (), "media": ()}), address)
    needs_approval = is_whatsapp(address.theirs)
    return MessagePart(
        body=texts[0].body if texts else "",
        template=template.model_copy(update={"needs_approval": needs_approval}),
    )


def _render_for_whatsapp(message: Message) -> list[MessagePart]:
    text = render_markdown(message.text, ASTERISK_DIALECT)
    *before, last = attach_choices(text, message.choices, WHATSAPP_CAPABILITIES) or [MessagePart(body="")]
    if last.choices:
        media = [MessagePart(body="", media=(each,)) for each in message.media]
        parts = [*media, *before, last.model_copy(update={"list_button": message.list_button})]
    else:
        bodies = split_text(
            append_numbered_list(text, message.choices, escape_markers), CAPABILITIES.text_length
        )
        parts = attach_captions(bodies, message.media, CAPABILITIES)
    return parts if message.voice is None else attach_voice_note(message.voice, text, parts, message)


def with_numbered_list(reply: Reply) -> Reply:
    """Return a reply with its choices as a numbered list, labels that were cut in full if there is room."""
    full = [
        each.model_copy(update={"label": each.description})
        if each.label.endswith("…") and each.description
        else each
        for each in reply.choices
    ]
    body = append_numbered_list(reply.body, full, escape_markers)
    if utf16_length(body) > CAPABILITIES.text_length:
        body = append_numbered_list(reply.body, reply.choices, escape_markers)
    return reply.model_copy(update={"body": body, "choices": ()})


def _add_segment_count(part: MessagePart) -> MessagePart:
    """Describe a part's SMS segments, unless it is an MMS, which is one message whatever its length."""
    return part if part.media else part.model_copy(update={"segments": str(count_segments(part.body))})


def _attach_media(bodies: list[str], media: Sequence[Attachment]) -> list[MessagePart]:
    """Attach media to the first text (MMS), at most ten to one message."""
    files, size = tuple(media), CAPABILITIES.media
    further_media = [
        MessagePart(body="", media=files[at : at + size]) for at in range(size, len(files), size)
    ]
    if not bodies:
        return [MessagePart(body="", media=files[:size]), *further_media] if files else []
    first, *further_bodies = bodies
    return [
        MessagePart(body=first, media=files[:size]),
        *further_media,
        *(MessagePart(body=body) for body in further_bodies),
    ]
