"""Recipients and senders of proactive first messages: phone numbers and e-mail addresses."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from core.errors import InvalidContact

_WRITTEN: Final = re.compile(r"\+?[\d ()./-]{1,40}", re.ASCII)
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")
_SAMPLE: Final = re.compile(r"\+155501\d\d")
"""Numbers of the simulators, too short to be real."""

_REASONS: Final = {
    ValidationResult.TOO_SHORT: "it is too short",
    ValidationResult.TOO_LONG: "it is too long",
    ValidationResult.INVALID_COUNTRY_CODE: "its country code does not exist",
}


def parse_phone_number(text: str) -> str:
    """Return a number in E.164, checked against the lengths of its country. Raises `InvalidContact`.

    Spaces and punctuation are allowed, and `00` in place of the plus sign.
    """
    written = text.strip()
    if not _WRITTEN.fullmatch(written):
        raise InvalidContact("not a phone number; write it with its country code, such as +15550170")
    digits = re.sub(r"\D", "", written)
    if not written.startswith("+"):
        if not digits.startswith("00"):
            raise InvalidContact("the phone number has no country code; write it as +15550170")
        digits = digits[2:]
    if _SAMPLE.fullmatch(f"+{digits}"):
        return f"+{digits}"
    try:
        number: PhoneNumber = phonenumbers.parse(f"+{digits}", None)
    except NumberParseException:
        raise InvalidContact("not a phone number: its country code does not exist") from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        raise InvalidContact(f"not a phone number: {_REASONS.get(reason, 'it is incomplete')}")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def find_email_address(text: str) -> str:
    """Return an e-mail address in the spelling of sessions; empty for any other text."""
    written = text.strip()
    return written.lower() if _EMAIL.fullmatch(written) else ""


def name_consents(account: str, user: str = "", email: str = "") -> tuple[str, ...]:
    """Return the names under which an opt-out counts in all conversations of a user of an account.

    They stay in plain text where texts are encrypted, so an e-mail address is hashed.
    """
    address = find_email_address(email)
    digest = hashlib.sha256(f"{account} {address}".encode()).hexdigest()[:32] if address else ""
    return tuple(f"{account}:*{kind}:{value}" for kind, value in (("user", user), ("email", digest)) if value)


def select_sender(sender: str, numbers: Sequence[str], setting: str) -> str:
    """Return the number to write from: the given one, or else the only configured one.

    Raises `InvalidContact` naming the setting of the numbers.
    """
    if sender:
        return sender
    if len(numbers) != 1:
        problem = "has several numbers" if numbers else "names no number"
        raise InvalidContact(f"say from which number: {setting} {problem}, so `from` is needed")
    return numbers[0]
