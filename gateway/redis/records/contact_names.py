"""Identifiers of contacts in every usual spelling, and how they are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic_core import from_json

from channels._kit.inbound import canonical_number

_PREFIXES: Final = ("whatsapp:", "tel:", "sms:", "mailto:", "user:", "contact:")
_PHONE: Final = re.compile(r"\+?[0-9]{5,20}")
_PHONE_PUNCTUATION: Final = re.compile(r"[\s().\-/\u2010-\u2015]")
_MIN_MENTION_LENGTH: Final = 6


def normalize(identifier: str) -> str:
    """Return the spelling under which identifiers are compared.

    A number has `+` and digits only, an e-mail address is lower-case, a name is lower-case with single
    spaces; any other identifier, such as a user ID, stays as it is.
    """
    text = identifier.strip()
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    digits = _PHONE_PUNCTUATION.sub("", text)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if _PHONE.fullmatch(digits):
        return canonical_number(f"+{digits.removeprefix('+')}")
    if "@" in text:
        return text.lower()
    return normalize_name(text) if " " in text else text


def normalize_name(name: str) -> str:
    """Return the spelling under which people's names are compared."""
    return " ".join(name.split()).casefold()


def is_global(identifier: str) -> bool:
    """Return whether an identifier, as it is spelled, is the same person on every channel.

    That is a number or an e-mail address. Digits alone may be the number of a ticket.
    """
    return "@" in identifier or identifier.removeprefix("whatsapp:").startswith("+")


def read_identifiers(session: str, fields: Mapping[str, bytes | None]) -> frozenset[str]:
    """Return the identifiers of a session's contact as they are spelled there.

    `fields` are `address`, `known` and `contact` of its hash. The business's own side is none of them.
    """
    found = {session, last_part(session)}
    if address := _read_object(fields.get("address")):
        found.add(str(address.get("theirs", "")))
    found.add(last_part((fields.get("contact") or b"").decode()))
    found.update(map(str, _read_object(fields.get("known")).get("ids", ())))
    return frozenset(found - {"", "unknown"})


def read_names(fields: Mapping[str, bytes | None]) -> frozenset[str]:
    """Return the names by which a session's contact is known to people."""
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
    except ValueError:  # another release wrote it
        return {}
    return value if isinstance(value, dict) else {}
