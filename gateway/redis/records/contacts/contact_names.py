"""Identifiers of contacts in every usual spelling, and how they are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic_core import from_json

from gateway.redis.records.contacts.contact_spelling import normalize as normalize
from gateway.redis.records.contacts.contact_spelling import normalize_name as normalize_name
from gateway.redis.records.contacts.contact_spelling import read_written as read_written

_MIN_MENTION_LENGTH: Final = 6


def is_global(identifier: str) -> bool:
    """Return whether an identifier, as it is spelled, is the same person on every channel.

    That is a number or an e-mail address. Digits without a plus sign may be the number of a ticket.
    """
    return "@" in identifier or identifier.removeprefix("whatsapp:").startswith("+")


def read_identifiers(session: str, fields: Mapping[str, bytes | None]) -> frozenset[str]:
    """Return the identifiers of a session's contact as they are spelled there.

    `fields` are `address`, `known` and `contact` of its hash. The business's own number is left out.
    """
    found = {session, last_part(session)}
    if address := _read_object(fields.get("address")):
        found.add(str(address.get("theirs", "")))
    found.add(last_part((fields.get("contact") or b"").decode()))
    found.update(map(str, _read_object(fields.get("known")).get("ids", ())))
    return frozenset(found - {"", "unknown"})


def read_names(fields: Mapping[str, bytes | None]) -> frozenset[str]:
    """Return the contact's personal names."""
    return frozenset(map(str, _read_object(fields.get("known")).get("names", ())))


def last_part(name: str) -> str:
    """Return the contact's identifier in a session's name, which is its last part."""
    return name.rpartition(":")[2]


class MentionFinder:
    """Finds identifiers of a contact, as whole words, in texts that are not sorted by session."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        spellings = {each.removeprefix("+") for each in identifiers}
        words = sorted((each for each in spellings if len(each) >= _MIN_MENTION_LENGTH), reverse=True)
        alternatives = "|".join(map(re.escape, words))
        self._pattern = re.compile(f"(?<![0-9A-Za-z])(?:{alternatives})(?![0-9A-Za-z])") if words else None

    def is_in(self, text: str) -> bool:
        """Return whether the text has one of the identifiers."""
        return self._pattern is not None and self._pattern.search(text) is not None


def _read_object(stored: bytes | None) -> dict[str, Any]:
    try:
        value = from_json(stored or b"{}")
    except ValueError:  # written by another release
        return {}
    return value if isinstance(value, dict) else {}
