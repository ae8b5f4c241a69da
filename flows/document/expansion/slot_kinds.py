"""Kinds of form values: those read out of any answer, and those read only where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from flows.document.expansion.models import CollectSlot
from flows.locales import PACK_LEXICONS
from flows.text import BoundedRegex, normalize, tokenize

_FORMATS = ("date", "time", "phone", "email")
_NUMBERS = ("integer", "number")
DAY_KINDS = ("date", "time")


def recognizable_slots(slots: Sequence[CollectSlot]) -> tuple[CollectSlot, ...]:
    """Return the slots whose values cannot be confused with others: no other slot is of their kind.

    A number is one only where no other value is written with digits; a text or a yes never is.
    """
    kinds = [slot_kind(slot) for slot in slots]
    return tuple(
        slot for slot, kind in zip(slots, kinds, strict=True) if _is_distinct(slot, kind, slots, kinds)
    )


def named_numbers(slots: Sequence[CollectSlot]) -> tuple[CollectSlot, ...]:
    """Return the numbers that only their noun distinguishes from other values (“5 people”)."""
    known = recognizable_slots(slots)
    return tuple(
        slot for slot in slots if slot_kind(slot) == "number" and not any(slot is each for each in known)
    )


def labelled_texts(slots: Sequence[CollectSlot]) -> tuple[CollectSlot, ...]:
    """Return the texts that their label distinguishes from other values (“the street is …”)."""
    return tuple(slot for slot in slots if slot_kind(slot) == "text" and not slot.verbatim)


def paired_days(slots: Sequence[CollectSlot]) -> tuple[CollectSlot, ...]:
    """Return the days and times of which there are several: their label or old value distinguishes them."""
    known = recognizable_slots(slots)
    return tuple(
        slot for slot in slots if slot_kind(slot) in DAY_KINDS and not any(slot is each for each in known)
    )


def is_identified_by_size(slots: Sequence[CollectSlot]) -> bool:
    """Return whether a large number alone can only be the form's one number, and no code or phone number."""
    kinds = [slot_kind(slot) for slot in slots]
    codes = (
        BoundedRegex(str(slot.schema_keys["pattern"])) for slot in slots if slot.schema_keys.get("pattern")
    )
    return (
        kinds.count("number") == 1
        and "phone" not in kinds
        and not any(code.fullmatch("1" * length) for code in codes for length in range(1, 12))
    )


def slot_kind(slot: CollectSlot) -> str:
    """Return the kind of a slot's value."""
    schema = slot.schema_keys
    if schema.get("enum"):
        return "enum"
    if schema.get("format") in _FORMATS:
        return str(schema["format"])
    if schema["type"] in _NUMBERS:
        return "number"
    if schema["type"] != "string":
        return "other"
    return "pattern" if schema.get("pattern") else "text"


def _is_distinct(slot: CollectSlot, kind: str, slots: Sequence[CollectSlot], kinds: Sequence[str]) -> bool:
    if kind in ("text", "other"):
        return False
    if kind == "number":
        return not {"date", "time", "phone", "pattern"} & set(kinds) and kinds.count("number") == 1
    if kind == "enum":
        return all(other is slot or not _values(slot) & _values(other) for other in slots)
    if kind == "date" and slot.schema_keys.get("x-future"):
        rivals = [
            each for each, other in zip(slots, kinds, strict=True) if other == kind and each is not slot
        ]
        return all(map(_asks_for_birth, rivals))  # whose day is a past one, with its year
    if kind == "date" and _asks_for_birth(slot):
        return all(
            other != kind or each is slot or each.schema_keys.get("x-future")
            for each, other in zip(slots, kinds, strict=True)
        )
    return kinds.count(kind) == 1


def _asks_for_birth(slot: CollectSlot) -> bool:
    words = {*tokenize(f"{slot.question} {slot.description} {slot.name.replace('_', ' ')}")}
    is_named = any(not words.isdisjoint(lexicon.names.birth_words) for lexicon in PACK_LEXICONS.values())
    return is_named and bool(slot.schema_keys.get("x-past"))


def _values(slot: CollectSlot) -> set[str]:
    values = slot.schema_keys.get("enum")
    return {normalize(str(value)) for value in values} if isinstance(values, list | tuple) else set()
