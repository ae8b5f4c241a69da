"""Splits one message by a channel's capabilities."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from channels._kit.rendering.literal_markers import escape_markers
from channels._kit.rendering.markdown import format_numbered_list
from channels._kit.rendering.text_splitter import split_text, utf16_length
from core.model import Attachment, Choice, Message, MessagePart
from core.ports import Capabilities

_CAPTION_MEDIA_TYPES = ("image/", "video/")
_MUST_BE_READ: Final = re.compile(r"\d|://|@")
"""Parts of a text that must be readable: a number, a code, a link, an address."""


def is_image_or_video(medium: Attachment) -> bool:
    """Return whether a file is an image or a video, which take a caption everywhere."""
    return medium.content_type.startswith(_CAPTION_MEDIA_TYPES)


def _leave_unescaped(label: str) -> str:
    return label


def append_numbered_list(
    text: str, choices: Sequence[Choice], escape: Callable[[str], str] = _leave_unescaped
) -> str:
    """Return the text followed by its choices as a numbered list, links written out.

    `escape` is how a label is written where labels of a list could be markup.
    """
    labels = [
        f"{escape(choice.label)} ({choice.url})" if choice.url else escape(choice.label) for choice in choices
    ]
    return f"{text}\n\n{format_numbered_list(labels)}".strip() if choices else text


def attach_choices(text: str, choices: Sequence[Choice], capabilities: Capabilities) -> list[MessagePart]:
    """Render a text and its choices as a link button, reply buttons, a list or, if none fits, numbers.

    What is shown must identify one choice, so labels that would look alike when truncated are not truncated.
    """
    displayable = _displayable_choices(choices, capabilities) if text else ()
    escape = escape_markers if capabilities.markdown == "whatsapp" else _leave_unescaped
    if not displayable:
        return [
            MessagePart(body=body)
            for body in split_text(append_numbered_list(text, choices, escape), capabilities.text_length)
        ]
    *before, last_text = split_text(text, capabilities.text_length)
    *earlier, last_text = split_text(last_text, capabilities.choices_text_length)
    return [
        *(MessagePart(body=body) for body in (*before, *earlier)),
        MessagePart(body=last_text, choices=displayable),
    ]


def should_use_list(choices: Sequence[Choice], capabilities: Capabilities) -> bool:
    """Return whether choices that were cut to fit are to be shown as a list rather than as buttons."""
    return len(choices) > capabilities.buttons or any(
        choice.description or utf16_length(choice.label) > capabilities.button_title_length
        for choice in choices
    )


def attach_captions(
    bodies: list[str],
    media: Sequence[Attachment],
    capabilities: Capabilities,
    takes_caption: Callable[[Attachment], bool] = is_image_or_video,
) -> list[MessagePart]:
    """Return one part per medium; a short text is the caption of the first that takes one."""
    is_short = len(bodies) == 1 and utf16_length(bodies[0]) <= capabilities.caption_length
    if is_short and media and takes_caption(media[0]):
        first, *rest = media
        return [
            MessagePart(body=bodies[0], media=(first,)),
            *(MessagePart(body="", media=(each,)) for each in rest),
        ]
    return [
        *(MessagePart(body="", media=(each,)) for each in media),
        *(MessagePart(body=body) for body in bodies),
    ]


def attach_voice_note(
    voice: Attachment, text: str, parts: Sequence[MessagePart], message: Message
) -> list[MessagePart]:
    """Put the recording before its text, or replace a text in which nothing has to be read or tapped."""
    is_complete = not (message.choices or message.media or message.requests_location)
    if is_complete and not _MUST_BE_READ.search(text):
        return [MessagePart(body=text, media=(voice,))]  # for the log: a recording takes no caption
    return [MessagePart(body="", media=(voice,)), *parts]


def _displayable_choices(choices: Sequence[Choice], capabilities: Capabilities) -> tuple[Choice, ...]:
    """Return the choices as the channel would show them; none if it cannot show them all."""
    if any(choice.url for choice in choices):
        fits = len(choices) <= capabilities.links and all(
            _fits(choice.label, capabilities.button_title_length) and choice.url.startswith("https://")
            for choice in choices
        )
        return tuple(choice.model_copy(update={"description": ""}) for choice in choices) if fits else ()
    plain = [choice.model_copy(update={"label": " ".join(choice.label.split())}) for choice in choices]
    if not all(
        choice.label and 0 < utf16_length(choice.payload) <= capabilities.payload_length for choice in plain
    ):
        return ()
    buttons = [choice.model_copy(update={"description": ""}) for choice in plain]
    has_list_room = len(plain) <= capabilities.list_rows
    is_described = has_list_room and any(choice.description for choice in plain)
    are_short = all(_fits(choice.label, capabilities.button_title_length) for choice in plain)
    if len(plain) <= capabilities.buttons and are_short and not is_described:
        return _require_distinct(buttons)
    if has_list_room:
        return _require_distinct([_build_list_row(choice, capabilities) for choice in plain])
    return ()


def _build_list_row(choice: Choice, capabilities: Capabilities) -> Choice:
    """Build a list row; a label that is too long is repeated in full in the description."""
    if _fits(choice.label, capabilities.list_title_length):
        description = truncate(choice.description, capabilities.list_description_length)
        return choice.model_copy(update={"description": description})
    return choice.model_copy(
        update={
            "label": truncate(choice.label, capabilities.list_title_length),
            "description": truncate(choice.label, capabilities.list_description_length),
        }
    )


def _require_distinct(choices: Sequence[Choice]) -> tuple[Choice, ...]:
    labels, payloads = {choice.label for choice in choices}, {choice.payload for choice in choices}
    return tuple(choices) if len(labels) == len(payloads) == len(choices) else ()


def _fits(text: str, limit: int) -> bool:
    return 0 < utf16_length(text) <= limit


def truncate(text: str, limit: int) -> str:
    """Truncate text to `limit` with an ellipsis, between grapheme clusters."""
    if utf16_length(text) <= limit:
        return text
    return f"{split_text(text, limit - 1)[0].rstrip()}…"
