"""Pages of messages (Twilio, "Paging")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode


def build_page(path: str, query: Mapping[str, str], records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the page of a list that a query asks for, with the URIs of the others."""
    size = min(max(parse_number(query, "PageSize", 50), 1), 1000)
    page = parse_number(query, "Page", 0)
    shown = records[page * size : (page + 1) * size]

    def uri(number: int) -> str:
        return f"{path}?{urlencode({**query, 'Page': number})}"

    return {
        "messages": list(shown),
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(len(shown) - 1, 0),
        "uri": f"{path}?{urlencode(query)}" if query else path,
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page - 1) if page else None,
        "next_page_uri": uri(page + 1) if len(records) > (page + 1) * size else None,
    }


def parse_number(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a query parameter as a number, the default if it is not one."""
    value = query.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else default
