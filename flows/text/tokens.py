"""Reading what people type: case, accents, punctuation and number words set aside."""

from __future__ import annotations

import re
import unicodedata

MAX_INPUT_LENGTH = 2_000

# on messengers a thumb is an answer
_EMOJI_WORDS = str.maketrans(
    {"👍": " yes ", "👌": " yes ", "✅": " yes ", "✔": " yes ", "👎": " no ", "❌": " no "}
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_REPEATED_CHARACTER = re.compile(r"(.)\1+")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'"})


def normalize(text: str) -> str:
    """Lower case without accents and with plain digits, at most `LONGEST_READ` characters."""
    if text.isascii():  # most of what is typed; the rest below would change nothing else
        return text[:MAX_INPUT_LENGTH].lower().replace("`", "'")
    plain = normalize_digits(text[:MAX_INPUT_LENGTH]).translate(_APOSTROPHES)
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))[:MAX_INPUT_LENGTH]


def normalize_same_length(text: str) -> str:
    """The text, or its folded form where folding would move its letters: a place in one is one in both."""
    folded = normalize(text)
    return text if len(folded) == len(text) else folded


def normalize_digits(text: str) -> str:
    """The digits of every script as 0 to 9; the rest as it is."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)


def tokenize(text: str) -> tuple[str, ...]:
    """The folded words of a text, apostrophes kept inside them."""
    folded = normalize(text)
    return tuple(_WORD.findall(folded if folded.isascii() else folded.translate(_EMOJI_WORDS)))


def squeeze_repeats(word: str) -> str:
    """Each run of a letter as one, so that `yesss` and `yes` are the same; squeeze both sides."""
    return _REPEATED_CHARACTER.sub(r"\1", word)


def find_phrase(phrase: tuple[str, ...], among: tuple[str, ...]) -> int:
    """Where `phrase` stands whole in `among`, or -1."""
    length = len(phrase)
    for start in range(len(among) - length + 1):
        if among[start : start + length] == phrase:
            return start
    return -1
