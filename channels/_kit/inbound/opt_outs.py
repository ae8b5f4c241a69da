"""Recognizes a message that, as a whole, is an opt-out or an opt-in."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
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
        self._courtesies = tuple(_fold_all(*(each.courtesies for each in words)))

    def recognize(self, text: str, words: OptOutWordSet) -> ConsentRequest | None:
        """Return what a message asks for; `None` if it is anything else, such as "stop the order".

        An opt-in counts only while the contact is opted out.
        """
        folded = fold_keyword(text)
        if not folded or text.lstrip().startswith(_QUOTE_MARK):  # not the contact's own words
            return None
        for word in (folded, _find_repeated(self._remove_courtesies(folded))):
            if word in self._explicit or (words == "short" and word in self._short):
                return ConsentRequest.OPT_OUT
            if word in self._marketing:
                return ConsentRequest.MARKETING_OPT_OUT
        return ConsentRequest.OPT_IN if folded in self._resume else None

    def _remove_courtesies(self, folded: str) -> str:
        """Return a folded message without "please" and the like around it."""
        for _ in range(_MAX_COURTESIES):
            if not (folded.startswith(self._courtesies) or folded.endswith(self._courtesies)):
                break
            folded = _remove_one(folded, self._courtesies)
        return folded


def _remove_one(folded: str, courtesies: Collection[str]) -> str:
    for each in courtesies:
        if len(each) < len(folded) and folded.startswith(each):
            return folded.removeprefix(each)
        if len(each) < len(folded) and folded.endswith(each):
            return folded.removesuffix(each)
    return folded


def _find_repeated(folded: str) -> str:
    """Return what a folded message repeats ("stop stop stop"), or the message itself."""
    period = (folded + folded).find(folded, 1)
    return folded[:period]


def _fold_all(*phrases: Sequence[str]) -> frozenset[str]:
    return frozenset(fold_keyword(phrase) for each in phrases for phrase in each) - {""}
