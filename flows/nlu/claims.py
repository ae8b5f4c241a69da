"""Values that claim their words before others are read: e-mail addresses, codes, account and phone numbers.

The longest and most specific kinds come first; what they claim is blanked out for dates, times and amounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.locales import DEFAULT_LANGUAGE
from flows.nlu.datetimes import recognize_dates
from flows.text import normalize_same_length

EMAIL_PATTERN = (
    r"(?<![\w.+@-])(?<!\w')[\w+-]+(?:[.'][\w+-]+)*@"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[A-Za-z]{2,}(?![\w@-]|\.\w)"
)
_EMAIL_OR_ACCOUNT = re.compile(
    rf"{EMAIL_PATTERN}"
    r"|(?<!\w)[A-Za-z]{2}\d{2}(?:[ ]?[A-Za-z0-9]{4}){3,7}(?:[ ]?[A-Za-z0-9]{1,3})?(?!\w)"
)
_CODE = re.compile(r"(?<![\w-])[A-Za-z]{2,}[-–]?\d{5,}(?![\w])")
_PHONE = re.compile(r"(?<![\w+])(?:\+ ?)?(?:\(\+? ?)?\d[\d\u00a0\u202f\u2009 ()./‐‑–-]{5,}\d(?!\w)")
_DATE_IN_DIGITS = re.compile(r"\d{1,2}([./])\d{1,2}\1(?:19|20)\d\d")
_GROUPED_AMOUNT = re.compile(r"\d{1,3}(?:[ .\u00a0\u202f]\d{3})+")
_MIN_DIGITS, _MAX_DIGITS, _MIN_CLAIMING_DIGITS = 7, 16, 9
_MIN_MASKED_LENGTH = 7

Span = tuple[int, int]


def find_phone_spans(text: str, language: str = DEFAULT_LANGUAGE, *, is_asked: bool = False) -> list[Span]:
    """Return where phone numbers stand in a text.

    With a country code a number claims all its digits. Without one it is a phone number only with nine
    digits, or seven where a number `is_asked` for, and only where it contains no complete date.
    """
    if sum(map(str.isdigit, text)) < _MIN_DIGITS:
        return []
    return list(_phone_spans(normalize_same_length(text), language, is_asked=is_asked))


def _phone_spans(text: str, language: str, *, is_asked: bool) -> Iterator[Span]:
    dates = [(item.start, item.end) for item in recognize_dates(text, language) if item.value]
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if "+" in match[0] or digits.startswith("00"):
            if _MIN_DIGITS <= len(digits) <= _MAX_DIGITS:
                yield match.span()
            continue
        is_date = any(start < match.end() and match.start() < end for start, end in dates)
        is_date = is_date or _DATE_IN_DIGITS.fullmatch(match[0]) is not None
        fewest = _MIN_DIGITS if is_asked else _MIN_CLAIMING_DIGITS
        is_packed_date = is_date and digits == match[0] and is_asked
        is_amount = not is_asked and _GROUPED_AMOUNT.fullmatch(match[0])
        if fewest <= len(digits) <= _MAX_DIGITS and (not is_date or is_packed_date) and not is_amount:
            yield match.span()


def mask_claimed(text: str, language: str = DEFAULT_LANGUAGE, *, phones: bool = True) -> str:
    """Return the text of the same length without what e-mail addresses, codes and phone numbers claim."""
    if len(text) < _MIN_MASKED_LENGTH or not ("@" in text or any(map(str.isdigit, text))):
        return text
    text = normalize_same_length(text)
    for pattern in (_EMAIL_OR_ACCOUNT, _CODE):
        text = mask_spans(text, [match.span() for match in pattern.finditer(text)])
    return mask_spans(text, find_phone_spans(text, language)) if phones else text


def without_contacts(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the text of the same length without its e-mail addresses and phone numbers."""
    plain = text.replace("ß", "s")  # which would make the normalized text longer
    spans = [match.span() for match in _EMAIL_OR_ACCOUNT.finditer(plain)]
    return mask_spans(text, [*spans, *find_phone_spans(plain, language, is_asked=True)])


def mask_code(text: str, code: str) -> str:
    """Return the text of the same length without a code, whatever spaces and dashes it is written with."""
    spelt = r"[ ‐‑–-]?".join(map(re.escape, code))
    return mask_spans(text, [match.span() for match in re.finditer(rf"(?i)(?<!\w){spelt}(?!\w)", text)])


def mask_spans(text: str, spans: list[Span]) -> str:
    """Return the text of the same length with these spans blanked out."""
    for start, end in spans:
        text = f"{text[:start]};{' ' * (end - start - 1)}{text[end:]}"
    return text
