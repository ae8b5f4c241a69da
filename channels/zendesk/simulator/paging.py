"""Cursor and offset pagination of lists (Zendesk, "Pagination"): at most 100 records per page."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as InvalidBase64
from collections.abc import Mapping, Sequence
from typing import Final

from channels._kit.simulator import MalformedRequest
from channels.zendesk.simulator.tickets import Json

_MAX_PAGE_SIZE: Final = 100


def build_page(name: str, records: Sequence[Json], query: Mapping[str, str]) -> Json:
    """Return one page of a list: by cursor if `page[size]` or `page[after]` is given, else by number.

    `sort=-created_at` (by cursor) and `sort_order=desc` (by number) reverse the records, which are passed
    oldest first. Raises `MalformedRequest` for an invalid size, number or cursor.
    """
    if "page[size]" in query or "page[after]" in query:
        return _build_cursor_page(name, _sort(records, query.get("sort", "") == "-created_at"), query)
    ordered = _sort(records, query.get("sort_order", "") == "desc")
    number, size = _parse_number(query, "page", 1), _parse_number(query, "per_page", _MAX_PAGE_SIZE)
    end = number * size
    return {
        name: list(ordered[end - size : end]),
        "count": len(records),
        "next_page": f"?page={number + 1}&per_page={size}" if end < len(records) else None,
        "previous_page": f"?page={number - 1}&per_page={size}" if number > 1 else None,
    }


def _build_cursor_page(name: str, records: Sequence[Json], query: Mapping[str, str]) -> Json:
    size = _parse_number(query, "page[size]", _MAX_PAGE_SIZE)
    start = _decode_cursor(query["page[after]"]) if query.get("page[after]") else 0
    has_more = start + size < len(records)
    cursor = _encode_cursor(start + size) if has_more else None
    meta = {"has_more": has_more, "after_cursor": cursor, "before_cursor": None}
    return {name: list(records[start : start + size]), "meta": meta, "links": {"next": None, "prev": None}}


def _sort(records: Sequence[Json], is_newest_first: bool) -> Sequence[Json]:  # noqa: FBT001 # one use
    return list(reversed(records)) if is_newest_first else records


def _parse_number(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, str(default))
    if not (value.isascii() and value.isdigit()) or not 1 <= int(value) <= _MAX_PAGE_SIZE * 100:
        raise MalformedRequest(f"{name} is not a valid number")
    return min(int(value), _MAX_PAGE_SIZE) if name != "page" else int(value)


def _encode_cursor(position: int) -> str:
    return urlsafe_b64encode(f"o:{position}".encode()).decode()


def _decode_cursor(cursor: str) -> int:
    try:
        kind, _, position = urlsafe_b64decode(cursor).decode().partition(":")
    except (InvalidBase64, ValueError) as error:
        raise MalformedRequest("page[after] is not valid") from error
    if kind != "o" or not position.isdigit():
        raise MalformedRequest("page[after] is not valid")
    return int(position)
