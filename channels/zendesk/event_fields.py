"""Fields of ticket events, in either envelope."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from channels._kit.inbound import JsonObject, get_object, get_text

_FRACTION: Final = re.compile(r"\.\d+")


def is_staff(author: JsonObject) -> bool:
    """Return whether a role is staff. Triggers send localised names, so an unknown one is staff."""
    role = get_text(author, "role", 40).casefold().replace(" ", "-")
    return author.get("is_staff") is True or (bool(role) and role not in ("end-user", "enduser"))


def get_source(detail: JsonObject) -> str:
    """Return the channel over which the ticket came."""
    return get_text(get_object(detail, "via"), "channel", 60) or get_text(detail, "via", 60)


def is_private(item: JsonObject) -> bool:
    """Return whether a comment, or the first one of a ticket, is internal; templates send values as text."""
    public = item.get("is_public")
    return public is False or (isinstance(public, str) and public.strip().lower() == "false")


def get_tags(value: JsonObject, name: str) -> frozenset[str]:
    """Return the tags: a list, or one text with spaces."""
    tags = value.get(name)
    if isinstance(tags, str):
        return frozenset(tags.split())
    return frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset()


def strip_separator(body: str) -> str:
    """Remove the line of dashes that some placeholders begin with."""
    first, _, text = body.partition("\n")
    return (text if first.startswith("---") and not first.strip("- ") else body).strip()


def parse_timestamp(text: str) -> float | None:
    """Return seconds since the epoch, without the nanoseconds that some times have; in UTC without a zone."""
    try:
        at = datetime.fromisoformat(_FRACTION.sub("", text))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
