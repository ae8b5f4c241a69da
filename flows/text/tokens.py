"""Normalization and tokenization of user text: case, accents, digits and punctuation."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_INPUT_LENGTH = 2_000
_CACHED_TEXTS = 1_000
"""Cache size. A text is read several times in a turn, for each slot and edge, as are the flow's words."""

# a thumb is a common answer on messengers; every language reads these two words
_EMOJI_WORDS = str.maketrans(
    {"👍": " yes ", "👌": " yes ", "✅": " yes ", "✔": " yes ", "👎": " no ", "❌": " no "}
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_INVISIBLE = dict.fromkeys(
    [
        0x061C,
        0x200B,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        0x2060,
        *range(0x2066, 0x206A),
        0xFE0F,
        0x20E3,
        0xFEFF,
    ]
)
"""Direction marks that keyboards put around digits, and the signs that make a digit a keycap (1️⃣)."""

_SKIN_TONES_AND_VARIANTS = dict.fromkeys([0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)])
_REPEATED_CHARACTER = re.compile(r"(.)\1+")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'"})


def normalize(text: str) -> str:
    """Return lower case without accents and with ASCII digits, at most `MAX_INPUT_LENGTH` characters."""
    if text.isascii():  # the common case: the steps below would not change it
        return text[:MAX_INPUT_LENGTH].lower().replace("`", "'")
    return _fold(text[:MAX_INPUT_LENGTH])


@lru_cache(maxsize=_CACHED_TEXTS)
def _fold(text: str) -> str:
    plain = normalize_digits(text).translate(_APOSTROPHES)
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))[:MAX_INPUT_LENGTH]


def normalize_same_length(text: str) -> str:
    """Return the text, or its normalized form where the lengths differ, so that positions fit both."""
    folded = normalize(text)
    return text if len(folded) == len(text) else folded


def original_position(text: str, folded: int) -> int:
    """Return the position in a text of one in its normalized form, which may be longer (“ß”)."""
    return next((at for at in range(len(text)) if len(normalize(text[:at])) >= folded), len(text))


def normalize_digits(text: str) -> str:
    """Return the text with the digits of every script as 0 to 9, without signs around them."""
    if text.isascii():
        return text
    text = text.translate(_INVISIBLE)
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)


@lru_cache(maxsize=_CACHED_TEXTS)
def tokenize(text: str) -> tuple[str, ...]:
    """Return the normalized words of a text, with apostrophes inside words."""
    folded = normalize(text)
    return tuple(_WORD.findall(folded if folded.isascii() else folded.translate(_EMOJI_WORDS)))


def squeeze_repeats(word: str) -> str:
    """Collapse repeated letters, so that `yesss` equals `yes`; apply it to both sides of a comparison."""
    return _REPEATED_CHARACTER.sub(r"\1", word)


def find_phrase(phrase: tuple[str, ...], among: tuple[str, ...]) -> int:
    """Return the position of the complete `phrase` in `among`, or -1."""
    length = len(phrase)
    for start in range(len(among) - length + 1):
        if among[start : start + length] == phrase:
            return start
    return -1


def fold_emoji(emoji: str) -> str:
    """Return an emoji without skin tone and variant, so that one entry of a flow fits all of them."""
    return emoji.translate(_SKIN_TONES_AND_VARIANTS).strip()
