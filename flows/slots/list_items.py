"""Lists in a text, such as “ham, cheese and olives”, and the slot that each of their parts is read for."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from flows.slots.slot import Slot, slots_from_schema

MAX_LIST_ITEMS = 50
_LIST_SEPARATOR = re.compile(
    r"\s*[,;\n]\s*(?:and|und|or|oder)?\s+|\s*[,;\n]\s*|\s+(?:and|und|&|\+)\s+", re.IGNORECASE
)
_CACHE_SIZE = 1_000


def split_list(text: str) -> list[str]:
    """What stands between commas, line breaks and `and`."""
    return [part for part in (part.strip(" .!") for part in _LIST_SEPARATOR.split(text)) if part][
        :MAX_LIST_ITEMS
    ]


def item_slot(slot: Slot) -> Slot | None:
    """The slot that one part of a list is read for; nothing, where its schema says nothing of its parts."""
    items = json.loads(slot.constraints.schema).get("items") if slot.constraints else None
    if not isinstance(items, dict):
        return None
    return _build_item_slot(json.dumps({"description": slot.description, **items}), slot.language)


def accepts_any_text(slot: Slot) -> bool:
    """Whether any text at all would do, so that only who is asked for it can be meant to give it."""
    item = item_slot(slot) if slot.kind == "array" else slot
    return item is None or item.is_free_text


@lru_cache(maxsize=_CACHE_SIZE)
def _build_item_slot(schema: str, language: str) -> Slot:
    (item,) = slots_from_schema({"properties": {"item": json.loads(schema)}}, language)
    return item
