"""Reading what people type: case, accents, punctuation and number words set aside."""

from __future__ import annotations

import re
import unicodedata

LONGEST_READ = 2_000

# on messengers a thumb is an answer
_SIGNS = str.maketrans(
    {"👍": " yes ", "👌": " yes ", "✅": " yes ", "✔": " yes ", "👎": " no ", "❌": " no "}
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_REPEATED = re.compile(r"(.)\1+")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'"})


def fold(text: str) -> str:
    """Lower case without accents and with plain digits, at most `LONGEST_READ` characters."""
    if text.isascii():  # most of what is typed; the rest below would change nothing else
        return text[:LONGEST_READ].lower().replace("`", "'")
    plain = plain_digits(text[:LONGEST_READ]).translate(_APOSTROPHES)
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))[:LONGEST_READ]


def evenly_folded(text: str) -> str:
    """The text, or its folded form where folding would move its letters: a place in one is one in both."""
    folded = fold(text)
    return text if len(folded) == len(text) else folded


def plain_digits(text: str) -> str:
    """The digits of every script as 0 to 9; the rest as it is."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)


def words(text: str) -> tuple[str, ...]:
    """The folded words of a text, apostrophes kept inside them."""
    folded = fold(text)
    return tuple(_WORD.findall(folded if folded.isascii() else folded.translate(_SIGNS)))


def squeezed(word: str) -> str:
    """Each run of a letter as one, so that `yesss` and `yes` are the same; squeeze both sides."""
    return _REPEATED.sub(r"\1", word)


def find_phrase(phrase: tuple[str, ...], among: tuple[str, ...]) -> int:
    """Where `phrase` stands whole in `among`, or -1."""
    length = len(phrase)
    for start in range(len(among) - length + 1):
        if among[start : start + length] == phrase:
            return start
    return -1
