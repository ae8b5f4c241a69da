"""Lists in a text, such as “ham, cheese and olives”, and the slot of their items."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache

from flows.locales import DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu import one_of
from flows.slots.slot import Slot, slots_from_schema

MAX_LIST_ITEMS = 50
_CACHE_SIZE = 1_000


@cache
def _separator(lexicon: Lexicon) -> re.Pattern[str]:
    words, both = one_of(lexicon.and_words), one_of((*lexicon.and_words, *lexicon.or_words))
    return re.compile(rf"\s*[,;\n]\s*{both}?\s+|\s*[,;\n]\s*|\s+(?:{words}|&|\+)\s+", re.IGNORECASE)


def split_list(text: str, language: str = DEFAULT_LANGUAGE) -> list[str]:
    """Return the parts between commas, line breaks and `and`, at most `MAX_LIST_ITEMS`."""
    parts = (part.strip(" .!") for part in _separator(lexicon_for(language)).split(text))
    return [part for part in parts if part][:MAX_LIST_ITEMS]


def item_slot(slot: Slot) -> Slot | None:
    """Return the slot of one item of an array slot; None when its schema does not describe the items."""
    items = json.loads(slot.constraints.schema).get("items") if slot.constraints else None
    if not isinstance(items, dict):
        return None
    return _build_item_slot(json.dumps({"description": slot.description, **items}), slot.language)


def accepts_any_text(slot: Slot) -> bool:
    """Return whether any text is a valid value, so that it is only filled when it was asked for."""
    item = item_slot(slot) if slot.kind == "array" else slot
    return item is None or item.is_free_text


@lru_cache(maxsize=_CACHE_SIZE)
def _build_item_slot(schema: str, language: str) -> Slot:
    (item,) = slots_from_schema({"properties": {"item": json.loads(schema)}}, language)
    return item
