"""Identifiers of people: phone numbers with several spellings, and WhatsApp's business-scoped user IDs."""

from __future__ import annotations

import re
import unicodedata

_MEXICO_OLD_MOBILE = re.compile(r"\+521(\d{10})")
_ARGENTINA_MOBILE = re.compile(r"\+549(\d{10})")
_BRAZIL_OLD_MOBILE = re.compile(r"\+55([1-9]\d)([6-9]\d{7})")
_SEPARATORS = re.compile(r"[\t ().\-/\u2010-\u2015\u2212]")
_TRUNK_ZERO = re.compile(r"^((?:\+|00)(?!39)[1-9]\d{0,2} ?)\(0\)")
_COMPACT = re.compile(r"\+?[0-9]{1,40}")
_WHATSAPP_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def is_whatsapp_user_id(text: str) -> bool:
    """Return whether this is a business-scoped user ID (Meta, "Business-scoped user IDs")."""
    return _WHATSAPP_USER_ID.fullmatch(text) is not None


def canonical_number(number: str) -> str:
    """Return the canonical spelling of an E.164 number; anything else is unchanged.

    Brazil's old eight-digit mobile numbers (they begin with 6 to 9, landlines with 2 to 5) get their ninth
    digit; the mobile digit of Mexico (1) and of Argentina (9) is removed. Adding Brazil's digit rather than
    removing it keeps a mobile number apart from the landline with the same last eight digits.
    """
    number = remove_mexican_digit(number)
    if match := _ARGENTINA_MOBILE.fullmatch(number):
        return f"+54{match[1]}"
    if match := _BRAZIL_OLD_MOBILE.fullmatch(number):
        return f"+55{match[1]}9{match[2]}"
    return number


def remove_mexican_digit(number: str) -> str:
    """Return a Mexican number without the digit of mobile numbers, which nobody dials any more."""
    match = _MEXICO_OLD_MOBILE.fullmatch(number)
    return f"+52{match[1]}" if match else number


def compact_number(text: str) -> str:
    """Return a written number as digits, after `+` if it has a country code; empty if it is no number.

    Punctuation, `00` for the plus sign and the `(0)` that is not dialled after a country code are allowed, as
    are digits of any script, if all are of another one than ours, and the marks of direction that phones and
    spreadsheets copy with a number.
    """
    written = text.strip()
    if not written.isascii():
        plain = unicodedata.normalize("NFKC", written)
        written = "".join(each for each in plain if unicodedata.category(each) != "Cf").strip()
        if not any(each.isascii() for each in written if each.isdecimal()):
            written = "".join(str(unicodedata.decimal(each, each)) for each in written)
    digits = _SEPARATORS.sub("", _TRUNK_ZERO.sub(r"\1", written))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    return digits if _COMPACT.fullmatch(digits) else ""
