"""Pages of a conversation's messages (Sunshine Conversations, "List messages")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels._kit.simulator import MalformedRequest
from channels.sunshine.simulator.conversations import Conversation, Json

_PAGE_SIZE: Final = 100


def build_page(conversation: Conversation, query: Mapping[str, list[str]]) -> Json:
    """Return a page of messages in order: the newest ones, or those before or after one of them."""
    messages = conversation.messages
    positions = {message["id"]: index for index, message in enumerate(messages)}
    start, end = max(len(messages) - _PAGE_SIZE, 0), len(messages)
    for name in ("page[before]", "page[after]"):
        if name not in query:
            continue
        position = positions.get(query[name][0])
        if position is None:
            raise MalformedRequest(f"{name} is not a message of this conversation")
        start, end = position + 1, position + 1 + _PAGE_SIZE
        if name == "page[before]":
            start, end = max(position - _PAGE_SIZE, 0), position
    has_more = end < len(messages) if "page[after]" in query else start > 0
    return {"messages": messages[start:end], "meta": {"hasMore": has_more}, "links": {}}
