"""One message, cut to what a channel can show: the same rules for all, with the channel's limits as data."""

from __future__ import annotations

from collections.abc import Sequence

from channels._kit.rendering.markdown import format_numbered_list
from channels._kit.rendering.text_splitter import split_text, utf16_length
from core.model import Attachment, Choice, MessagePart
from core.ports import Capabilities

_CAPTION_MEDIA_TYPES = ("image/", "video/")


def append_numbered_list(text: str, choices: Sequence[Choice]) -> str:
    """The text with its choices below as a numbered list, links written out."""
    labels = [f"{choice.label} ({choice.url})" if choice.url else choice.label for choice in choices]
    return f"{text}\n\n{format_numbered_list(labels)}".strip() if choices else text


def attach_choices(text: str, choices: Sequence[Choice], can: Capabilities) -> list[MessagePart]:
    """Text and its choices: a link button, reply buttons, a list or, where none of them fits, numbers.

    What is shown must lead back to one choice, so labels that would look alike when cut are not cut.
    """
    shown = _displayable_choices(choices, can) if text else ()
    if not shown:
        return [
            MessagePart(body=body)
            for body in split_text(append_numbered_list(text, choices), can.text_length)
        ]
    *before, last = split_text(text, can.text_length)
    *more, last = split_text(last, can.choices_text_length)
    return [*(MessagePart(body=body) for body in (*before, *more)), MessagePart(body=last, choices=shown)]


def should_use_list(choices: Sequence[Choice], can: Capabilities) -> bool:
    """Whether choices that were cut to fit are to be shown as a list rather than as buttons."""
    return len(choices) > can.buttons or any(
        choice.description or utf16_length(choice.label) > can.button_title_length for choice in choices
    )


def attach_captions(bodies: list[str], media: Sequence[Attachment], can: Capabilities) -> list[MessagePart]:
    """One medium a message; only pictures and films show a text, and only a short one."""
    if len(bodies) == 1 and media and _fits_as_caption(bodies[0], media[0], can):
        first, *rest = media
        return [
            MessagePart(body=bodies[0], media=(first,)),
            *(MessagePart(body="", media=(each,)) for each in rest),
        ]
    return [
        *(MessagePart(body="", media=(each,)) for each in media),
        *(MessagePart(body=body) for body in bodies),
    ]


def _fits_as_caption(body: str, medium: Attachment, can: Capabilities) -> bool:
    return medium.content_type.startswith(_CAPTION_MEDIA_TYPES) and utf16_length(body) <= can.caption_length


def _displayable_choices(choices: Sequence[Choice], can: Capabilities) -> tuple[Choice, ...]:
    """The choices as the channel would show them; none when it cannot show them all."""
    if any(choice.url for choice in choices):
        fits = len(choices) <= can.links and all(
            _fits(choice.label, can.button_title_length) and choice.url.startswith("https://")
            for choice in choices
        )
        return tuple(choice.model_copy(update={"description": ""}) for choice in choices) if fits else ()
    plain = [choice.model_copy(update={"label": " ".join(choice.label.split())}) for choice in choices]
    if not all(choice.label and 0 < utf16_length(choice.payload) <= can.payload_length for choice in plain):
        return ()
    buttons = [choice.model_copy(update={"description": ""}) for choice in plain]
    if len(plain) <= can.buttons and all(_fits(c.label, can.button_title_length) for c in plain):
        return _require_distinct(buttons)
    if len(plain) <= can.list_rows:
        return _require_distinct([_build_list_row(choice, can) for choice in plain])
    return ()


def _build_list_row(choice: Choice, can: Capabilities) -> Choice:
    """A row of a list; a label that is too long for it stands in full below."""
    if _fits(choice.label, can.list_title_length):
        description = truncate(choice.description, can.list_description_length)
        return choice.model_copy(update={"description": description})
    return choice.model_copy(
        update={
            "label": truncate(choice.label, can.list_title_length),
            "description": truncate(choice.label, can.list_description_length),
        }
    )


def _require_distinct(choices: Sequence[Choice]) -> tuple[Choice, ...]:
    labels, payloads = {choice.label for choice in choices}, {choice.payload for choice in choices}
    return tuple(choices) if len(labels) == len(payloads) == len(choices) else ()


def _fits(text: str, limit: int) -> bool:
    return 0 < utf16_length(text) <= limit


def truncate(text: str, limit: int) -> str:
    """Text of at most `limit`, with an ellipsis where something is missing, cut between whole characters."""
    if utf16_length(text) <= limit:
        return text
    return f"{split_text(text, limit - 1)[0].rstrip()}…"
