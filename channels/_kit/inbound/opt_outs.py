"""Recognizes a message that, as a whole, is an opt-out or an opt-in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from channels._kit.inbound.opt_out_words import WORDS_BY_LANGUAGE
from core.model import ConsentRequest

OptOutWordSet = Literal["explicit", "short"]

_MAX_LENGTH: Final = 200
_MAX_COURTESIES: Final = 3
_QUOTE_MARK: Final = ">"


def fold_keyword(text: str) -> str:
    """Return the letters and digits of a text without case and accents.

    Spaces, hyphens, punctuation, quotation marks, emoji and invisible characters make no difference. The
    result is empty for a long text.
    """
    text = text.strip()
    if len(text) > _MAX_LENGTH:
        return ""
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(each for each in decomposed if each.isalnum())


class OptOutRecognizer:
    """Recognizes the words of all languages, because contacts may use another language than the dialog's."""

    def __init__(self, additional_words: Sequence[str] = ()) -> None:
        """Create a recognizer; `additional_words` of the operator opt out on every channel."""
        words = WORDS_BY_LANGUAGE.values()
        self._explicit = _fold_all(*(each.explicit for each in words), additional_words)
        self._short = _fold_all(*(each.short for each in words))
        self._resume = _fold_all(*(each.resume for each in words))
        self._marketing = _fold_all(*(each.marketing for each in words))
        self._courtesies = _fold_all(*(each.courtesies for each in words))
        self._courtesy_lengths = sorted({len(each) for each in self._courtesies})

    def recognize(self, text: str, words: OptOutWordSet) -> ConsentRequest | None:
        """Return what a message asks for; `None` if it is anything else, such as "stop the order".

        An opt-in counts only while the contact is opted out.
        """
        folded = fold_keyword(text)
        if not folded or text.lstrip().startswith(_QUOTE_MARK):  # not the contact's own words
            return None
        readings = {folded, *map(_find_repeated, self._find_readings(folded))}
        if not readings.isdisjoint(self._explicit) or (
            words == "short" and not readings.isdisjoint(self._short)
        ):
            return ConsentRequest.OPT_OUT
        if not readings.isdisjoint(self._marketing):
            return ConsentRequest.MARKETING_OPT_OUT
        return ConsentRequest.OPT_IN if folded in self._resume else None

    def _find_readings(self, folded: str) -> set[str]:
        """Return a folded message with and without "please" and the like around it.

        A word may begin or end like a courtesy of another language: "take me off" like the Danish "tak".
        """
        readings = newest = {folded}
        for _ in range(_MAX_COURTESIES):
            newest = {rest for each in newest for rest in self._remove_one(each)}
            if not newest:
                break
            readings = readings | newest
        return readings

    def _remove_one(self, folded: str) -> Iterator[str]:
        for length in self._courtesy_lengths:
            if folded[:length] in self._courtesies:
                yield folded[length:]
            if folded[-length:] in self._courtesies:
                yield folded[:-length]


def _find_repeated(folded: str) -> str:
    """Return what a folded message repeats ("stop stop stop"), or the message itself."""
    period = (folded + folded).find(folded, 1)
    return folded[:period]


def _fold_all(*phrases: Sequence[str]) -> frozenset[str]:
    return frozenset(fold_keyword(phrase) for each in phrases for phrase in each) - {""}
