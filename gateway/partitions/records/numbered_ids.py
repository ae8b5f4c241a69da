"""IDs of entries that begin with the number of their partition: `3/1795400000000-0`."""

from __future__ import annotations

from typing import Final

_MAX_DIGITS: Final = 5


def join_id(number: int, own_id: str) -> str:
    """Return the ID of a partition's entry."""
    return f"{number}/{own_id}"


def split_id(entry_id: str, count: int) -> tuple[int, str]:
    """Return the partition and the ID there; without a valid number the ID belongs to the home partition."""
    number, _, own_id = entry_id.rpartition("/")
    is_number = number.isascii() and number.isdecimal() and len(number) < _MAX_DIGITS
    return (int(number), own_id) if is_number and int(number) < count else (0, own_id)
