"""Renders messages into content of Sunshine Conversations ("Post message", "Message types")."""

from __future__ import annotations

from typing import Any, Final

from channels._kit.rendering import PLAIN_DIALECT, attach_choices, build_template, render_markdown, truncate
from channels.sunshine.capabilities import CAPABILITIES, WHATSAPP_PREFIX
from core.model import Address, Attachment, Choice, Message, MessagePart, Reply, Template

TEMPLATE_SCHEMA: Final = "whatsapp"
"""Schema of a message whose content is a template of WhatsApp, in its own form."""

_MAX_ALT_TEXT_LENGTH: Final = 128

Json = dict[str, Any]


def render_parts(message: Message, address: Address) -> list[MessagePart]:
    """Split a message by the limits; the last file has a short text with it, an image its buttons too.

    A conversation may be on another surface than WhatsApp, so a template is sent only where there is no text,
    and to a number of WhatsApp.
    """
    if message.template and (not message.text or address.theirs.startswith(WHATSAPP_PREFIX)):
        return [MessagePart(body="", template=message.template)]
    parts = attach_choices(render_markdown(message.text, PLAIN_DIALECT), message.choices, CAPABILITIES)
    media = list(message.media)
    if media and len(parts) == 1 and (_is_image(media[-1]) or not parts[0].choices):
        parts[0] = parts[0].model_copy(update={"media": (media.pop(),)})
    return [*(MessagePart(body="", media=(each,)) for each in media), *parts]


def _is_image(medium: Attachment) -> bool:
    return medium.content_type.startswith("image/")


def build_content(reply: Reply) -> Json:
    """Build what a message shows; the fields are the same in both versions of the API."""
    content: Json = {"type": "text", "text": reply.body}
    if reply.media:
        medium = reply.media[0]
        content = {"type": "image" if _is_image(medium) else "file", "mediaUrl": medium.url}
        if medium.name:
            content["altText"] = truncate(medium.name, _MAX_ALT_TEXT_LENGTH)
        if reply.body:
            content["text"] = reply.body
    if reply.choices:
        content["actions"] = [_build_action(choice) for choice in reply.choices]
    return content


def build_template_content(template: Template) -> Json:
    """Build the content of a message with `TEMPLATE_SCHEMA`."""
    built = build_template(template)
    built["language"]["policy"] = "deterministic"
    return {"type": "template", "template": built}


def _build_action(choice: Choice) -> Json:
    if choice.url:
        return {"type": "link", "text": choice.label, "uri": choice.url}
    return {"type": "reply", "text": choice.label, "payload": choice.payload}
