"""Lists in a text, such as “ham, cheese and olives”, and the slot that each of their parts is read for."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from flows.slots.slot import Slot, slots_of

MOST_PARTS = 50
_BETWEEN = re.compile(
    r"\s*[,;\n]\s*(?:and|und|or|oder)?\s+|\s*[,;\n]\s*|\s+(?:and|und|&|\+)\s+", re.IGNORECASE
)
_KEPT = 1_000


def parts_of(text: str) -> list[str]:
    """What stands between commas, line breaks and `and`."""
    return [part for part in (part.strip(" .!") for part in _BETWEEN.split(text)) if part][:MOST_PARTS]


def item_of(slot: Slot) -> Slot | None:
    """The slot that one part of a list is read for; nothing, where its schema says nothing of its parts."""
    items = json.loads(slot.bounds.schema).get("items") if slot.bounds else None
    if not isinstance(items, dict):
        return None
    return _item(json.dumps({"description": slot.description, **items}), slot.language)


def is_open(slot: Slot) -> bool:
    """Whether any text at all would do, so that only who is asked for it can be meant to give it."""
    item = item_of(slot) if slot.kind == "array" else slot
    return item is None or item.is_free


@lru_cache(maxsize=_KEPT)
def _item(schema: str, language: str) -> Slot:
    (item,) = slots_of({"properties": {"item": json.loads(schema)}}, language)
    return item
