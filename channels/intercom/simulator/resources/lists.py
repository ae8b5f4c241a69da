"""Lists of the simulated workspace and their pages (Intercom, "Pagination for list APIs")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl

from channels._kit.simulator import MalformedRequest
from channels.intercom.simulator.records import Json

_MAX_PAGE_SIZE: Final = 150
_CONVERSATIONS_PER_PAGE: Final = 20
_CONTACTS_PER_PAGE: Final = 50


def list_conversations(conversations: Sequence[Json], query: str) -> Json:
    """Return a page of conversations without their parts (Intercom, "List all conversations")."""
    items, about = _read_page(conversations, query, _CONVERSATIONS_PER_PAGE)
    return {"type": "conversation.list", "conversations": items, **about}


def list_contacts(contacts: Sequence[Json], query: str) -> Json:
    """Return a page of contacts (Intercom, "List all contacts")."""
    items, about = _read_page(contacts, query, _CONTACTS_PER_PAGE)
    return {"type": "list", "data": items, **about}


def _read_page(items: Sequence[Json], query: str, default_size: int) -> tuple[list[Json], Json]:
    """Return the items of a page, and its place in the list. Raises `MalformedRequest`.

    The cursor is the ID of the last item before the page, so that new items shift no page.
    """
    fields = dict(parse_qsl(query))
    size, start = read_page_size(fields, default_size), 0
    if cursor := fields.get("starting_after", ""):
        positions = {str(item["id"]): at for at, item in enumerate(items)}
        if cursor not in positions:
            raise MalformedRequest("starting_after is not a cursor of this list")
        start = positions[cursor] + 1
    page = list(items[start : start + size])
    pages: Json = {
        "type": "pages",
        "page": start // size + 1,
        "per_page": size,
        "total_pages": -(-len(items) // size),
    }
    if start + size < len(items):
        pages["next"] = {"per_page": size, "starting_after": str(page[-1]["id"])}
    return page, {"total_count": len(items), "pages": pages}


def read_page_size(fields: Mapping[str, str], default: int) -> int:
    """Return how many items a page has. Raises `MalformedRequest`."""
    written = fields.get("per_page", str(default))
    if not written.isascii() or not written.isdigit() or not 1 <= int(written[:6]) <= _MAX_PAGE_SIZE:
        raise MalformedRequest(f"per_page must be a number from 1 to {_MAX_PAGE_SIZE}")
    return int(written)
