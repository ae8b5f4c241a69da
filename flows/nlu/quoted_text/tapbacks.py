"""Recognition of tapbacks: reactions that a phone sends by SMS as a sentence with a quotation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from flows.locales.tapback_phrases import TAPBACKS
from flows.locales.tapback_variants import EMOJI_TAPBACKS, INNER_QUOTATIONS, MEDIA, REMOVED_TAPBACKS

QUOTES = "\"'“”„‟«»‘’‚‹›"
CUT_MARKS = ("…", "...")

_OPENING = re.compile("[“\"„«‘'‚‹»›”]")
_CLOSING = "”\"“»’'‘›«‹"
_EMOJI = re.compile(r"[^\w\s.,;:!?()\"'“”„«»‘’‚‹›…<>{}\x00-\x7f-]{1,16}")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
"""An apostrophe inside a word, which is not a quotation mark."""
_LETTER_APOSTROPHE = "\u02bc"
_MAX_PHRASE_LENGTH = 80


class Tapback(NamedTuple):
    """A tapback: its emoji, empty when one is taken back, and the quoted text, empty for a picture."""

    emoji: str
    quoted: str


class _Form(NamedTuple):
    before: str
    after: str


def match_tapback(text: str, *, is_closed: bool = True) -> Tapback | None:
    """Return the tapback that a text is by its form.

    One whose quotation is not closed (`is_closed` is false) was cut off by the phone or the network.
    """
    text = _inner_quotation().sub(_unquote, text)
    marks = _APOSTROPHE.sub(_LETTER_APOSTROPHE, text)
    opening = _OPENING.search(marks)
    if not is_closed:
        return _find_form(text[: opening.start()], "", text[opening.end() :].strip()) if opening else None
    end = max(map(marks.rfind, _CLOSING))
    if opening is None or end <= opening.start():
        return match_media(text)
    before, after = text[: opening.start()], text[end + 1 :]
    if len(before) + len(after) > _MAX_PHRASE_LENGTH or not (before.strip() or after.strip()):
        return None
    quoted = text[opening.end() : end].strip()
    return _find_form(before, after, quoted) if quoted else None


def find_emoji(text: str) -> str:
    """Return the first emoji of a text, with its variants and joiners; empty if there is none."""
    found = (each[0] for each in _EMOJI.finditer(text))
    return next((each for each in found if any(unicodedata.category(sign) == "So" for sign in each)), "")


def match_phrase(text: str) -> Tapback | None:
    """Return the tapback that the words around a removed quotation are."""
    if len(text) > _MAX_PHRASE_LENGTH:
        return None
    return _find_form(text, "", "") or match_media(text)


def match_media(text: str) -> Tapback | None:
    """Return a tapback to something without words, such as “Liked an image”."""
    if len(text) > _MAX_PHRASE_LENGTH:
        return None
    folded = _fold(text)
    if folded.isascii() and _media_words().isdisjoint(folded.split()):
        return None
    for name in _media():
        before, is_named, after = folded.partition(name)
        if is_named and (found := _find_form(before, after, "")):
            return found
    return None


def _find_form(before: str, after: str, quoted: str) -> Tapback | None:
    sign = _EMOJI.search(before) or _EMOJI.search(after)
    form = _Form(_fold(_EMOJI.sub("{}", before, count=1)), _fold(_EMOJI.sub("{}", after, count=1)))
    named = next((name for name in _media() if quoted and form.before.endswith(f" {name}")), "")
    form = form._replace(before=_fold(form.before.removesuffix(named)))  # “to your message: “…””
    emoji = _forms().get(form)
    if emoji is None:
        return None
    return Tapback(sign[0] if emoji == "{}" and sign else emoji, quoted)


@cache
def _forms() -> Mapping[_Form, str]:
    """Return the emoji of each form: `{}` for the one in the text, empty for one that is taken back."""
    return {_split(form): emoji for form, emoji in _iter_forms()}


def _iter_forms() -> Iterator[tuple[str, str]]:
    for emoji, forms in TAPBACKS.items():
        yield from ((form, emoji) for form in forms)
    yield from ((form, "{}") for form in EMOJI_TAPBACKS)
    yield from ((form, "") for form in REMOVED_TAPBACKS)


def _split(form: str) -> _Form:
    before, _, after = _inner_quotation().sub(_unquote, form).partition("…")
    return _Form(_fold(before), _fold(after))


@cache
def _media() -> tuple[str, ...]:
    """Return the names of media, the longest first."""
    return tuple(sorted(map(_fold, MEDIA), key=len, reverse=True))


@cache
def _media_words() -> frozenset[str]:
    """Return the last words of the names, one of which is in any phrase that has a name."""
    return frozenset(name.split()[-1] for name in _media())


@cache
def _inner_quotation() -> re.Pattern[str]:
    """Return a pattern of the quotations that belong to a phrase (hat „…“ mit „Gefällt mir“ markiert).

    An emoji is one only if the quotation of the message follows (a attribué la mention « 😂 » à « … »).
    """
    ordered = map(re.escape, sorted(INNER_QUOTATIONS, key=len, reverse=True))
    names = "|".join(name.replace("’", "['’]") for name in ordered)
    emoji = rf"(?:{_EMOJI.pattern})(?=\s*[{QUOTES}]\s*\w+\s*[{QUOTES}])"
    return re.compile(rf"[{QUOTES}]\s*(?:({names})|({emoji}))\s*[{QUOTES}]", re.IGNORECASE)


def _unquote(found: re.Match[str]) -> str:
    return found[1] or found[2]


def _fold(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split()).strip(" .:")
