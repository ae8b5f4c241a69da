"""Pictures in the messages of a request, as the chat protocol has them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from flows.llm.model import Picture
from flows.llm.prompts import Chat


def add_pictures(messages: Chat, pictures: Sequence[Picture]) -> list[Mapping[str, Any]]:
    """Return the messages with pictures beside the text of the user's last one."""
    if not pictures:
        return [*messages]
    last = max((at for at, line in enumerate(messages) if line["role"] == "user"), default=None)
    if last is None:
        return [*messages]
    parts: list[dict[str, Any]] = [{"type": "text", "text": messages[last]["content"] or ""}]
    parts += [{"type": "image_url", "image_url": {"url": _data_url(picture)}} for picture in pictures]
    return [*messages[:last], {**messages[last], "content": parts}, *messages[last + 1 :]]


def without_pictures(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the messages with their texts alone."""
    return [
        {**line, "content": line["content"][0]["text"]} if isinstance(line["content"], list) else line
        for line in messages
    ]


def _data_url(picture: Picture) -> str:
    return f"data:{picture.content_type};base64,{b64encode(picture.body).decode()}"
