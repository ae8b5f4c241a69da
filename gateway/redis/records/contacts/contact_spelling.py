"""Spelling under which identifiers and names of contacts are compared, and the terms that find them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from channels._kit.outbound import parse_phone_number
from channels._kit.phone_numbers import canonical_number, compact_number
from core.errors import InvalidContact

_PREFIXES: Final = ("whatsapp:", "tel:", "sms:", "mailto:", "user:", "contact:")
_PHONE: Final = re.compile(r"\+?[0-9]{5,20}")
_MAX_TERM_LENGTH: Final = 100
_MAX_TERMS: Final = 12


def normalize(identifier: str) -> str:
    """Return the spelling under which identifiers are compared.

    A number has `+` and digits only, an e-mail address is lower-case, a name is lower-case with single
    spaces; any other identifier, such as a user ID, stays as it is.
    """
    text = identifier.strip()
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    digits = compact_number(text)
    if _PHONE.fullmatch(digits):
        return canonical_number(f"+{digits.removeprefix('+')}")
    if "@" in text:
        return text.lower()
    return normalize_name(text) if " " in text else text


def read_written(identifier: str) -> frozenset[str]:
    """Return the spellings of an identifier that a person wrote: a number also as it is dialled.

    In `+49 0151 ...` the zero is not.
    """
    try:
        dialled = canonical_number(parse_phone_number(identifier))
    except InvalidContact:
        return frozenset({normalize(identifier)})
    return frozenset({normalize(identifier), dialled})


def normalize_name(name: str) -> str:
    """Return the spelling under which people's names are compared."""
    return " ".join(name.split()).casefold()


def build_terms(identifiers: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return the terms by which the console finds a contact: identifiers, whole names and their words."""
    terms = {normalize(each) for each in identifiers}
    for name in names:
        whole = normalize_name(name)
        terms |= {whole, *whole.split()}
    usable = sorted(each[:_MAX_TERM_LENGTH] for each in terms if len(each) > 1)
    return usable[:_MAX_TERMS]


def query_terms(query: str) -> list[str]:
    """Return the terms that a search asks for, the most specific first."""
    spellings = (normalize(query), normalize_name(query), query.strip())
    return list(dict.fromkeys(each[:_MAX_TERM_LENGTH] for each in spellings if len(each) > 1))
