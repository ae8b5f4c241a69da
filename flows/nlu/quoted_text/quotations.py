"""Separates a person's own words from quoted text: tapbacks, quoted lines, copied messages, signatures.

The bot's own words, sent back, must never count as the person's (guarantee L15). Words are compared as
`tokenize` reads them, so that quotation marks, emphasis, case and spaces do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flows.nlu.quoted_text.copied_messages import (
    MAX_COMPARED_LENGTH,
    join_rest,
    may_contain_copy,
    remove_copies,
)
from flows.nlu.quoted_text.quoted_lines import cut_signature, is_separator, remove_quoted_lines
from flows.nlu.quoted_text.tapbacks import (
    CUT_MARKS,
    Tapback,
    find_emoji,
    match_media,
    match_phrase,
    match_tapback,
)
from flows.nlu.quoted_text.transcript import Corpus, Transcript, contains_words, is_cut_off
from flows.text import tokenize

_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_THIN_SPACE = re.compile("[\u00a0\u2009\u200a\u202f]")
_QUOTED_SPAN = re.compile('[“„«»"]([^“”„«»"]{4,1000})[”“»«"]')

_QUOTATION_MARK = re.compile('["“”„‟«»「」『』]')
_MIN_UNKNOWN_WORDS = 4
"""Words of a quotation that nobody in the conversation is known to have said, such as of an agent."""
_MIN_QUOTED_SPAN_WORDS = 3
_MIN_CUT_SPAN_WORDS = 2
_MAX_SPANS = 20
_MAX_LINES, _MAX_TAPBACK_LINES = 100, 30
_MAX_PLAIN_LENGTH = 1_000
_SIGN_OF_QUOTATION = re.compile(
    rf"[\n>…“”„‟«»‘‚‹›\"]|\.\.\.|(?<!\w)['’]|['’](?!\w)|{_INVISIBLE.pattern}|{_THIN_SPACE.pattern}"
)


class UnquotedText(NamedTuple):
    """A message without its quotations.

    `text` are the person's own words. `emoji` is that of a tapback, empty when it takes one back; None when
    there was no tapback. `quoted` is the quoted text, empty for a quoted picture. With `is_quotation` the
    message had words, and all of them were quoted.
    """

    text: str
    emoji: str | None = None
    quoted: str = ""
    is_quotation: bool = False


def remove_quotations(text: str, transcript: Transcript) -> UnquotedText:
    """Return the person's own words in a message, and the tapback that it is or contains."""
    if not text.strip():
        return UnquotedText(text)
    corpus = Corpus(transcript)
    own, tapback = _remove_tapbacks(text, corpus)
    own = cut_signature(remove_quoted_lines(own, corpus))
    uncopied = remove_copies(_remove_quoted_spans(own, corpus), corpus)
    if uncopied != own and tapback is None:
        uncopied, tapback = _remove_reaction(uncopied, text)
    own = uncopied
    if own == text:
        return UnquotedText(text)
    own = own.strip()
    if tapback is not None:
        return UnquotedText(own, tapback.emoji, tapback.quoted)
    return UnquotedText(own, is_quotation=not own)


def may_quote(text: str, newest_first: Iterable[str], *, offers_choices: bool) -> bool:
    """Return whether a message may have quotations; false, at once, for nearly every one.

    `newest_first` are the bot's messages, of which only as many are read as can have been copied.
    """
    if len(text) > _MAX_PLAIN_LENGTH or _SIGN_OF_QUOTATION.search(text):
        return True
    if (offers_choices and "1" in text) or match_media(text) or is_separator(text):
        return True
    return may_contain_copy(text, newest_first)


def is_newest(quoted: str, transcript: Transcript) -> bool:
    """Return whether a quoted text is (the beginning of) what the bot said last."""
    return Corpus(transcript).is_newest(quoted)


def _remove_tapbacks(text: str, corpus: Corpus) -> tuple[str, Tapback | None]:
    """Remove tapbacks, each on lines of its own; also return the last one."""
    plain = unicodedata.normalize("NFC", text[:MAX_COMPARED_LENGTH])
    plain = _THIN_SPACE.sub(" ", _INVISIBLE.sub("", plain)).strip()
    whole = match_tapback(plain)
    if whole and _is_tapback_of(whole.quoted, corpus, is_capitalized=not plain[:1].islower()):
        return "", whole
    cut = match_tapback(plain, is_closed=False)
    if cut and (corpus.knows(f"{cut.quoted}{CUT_MARKS[0]}") or is_cut_off(cut.quoted)):
        return "", cut
    lines = plain.split("\n")
    if not 1 < len(lines) <= _MAX_LINES:
        return text, None
    found: Tapback | None = None
    rest, at = list[str](), 0
    while at < len(lines):
        length, matched = _match_tapback_at(lines, at, corpus)
        found = matched or found
        rest += [] if matched else [lines[at]]
        at += length
    return ("\n".join(rest), found) if found else (text, None)


def _remove_reaction(rest: str, text: str) -> tuple[str, Tapback | None]:
    """Return what is left of a message beside its quotation of the bot, without a reaction to that.

    An emoji on a line with quotation marks is one in any language: the words around it may be unknown
    (“Svarade med 👍 på ”…””), and they stay. On a line of its own it is an answer below a quotation.
    """
    if found := match_phrase(rest):
        return "", found
    quoting = [line for line in text.split("\n") if _QUOTATION_MARK.search(line)]
    if not (sign := find_emoji(rest)) or not any(sign in line for line in quoting):
        return rest, None
    words = rest.replace(sign, " ", 1)
    return (words, None) if tokenize(words) else ("", Tapback(sign, ""))


def _match_tapback_at(lines: Sequence[str], at: int, corpus: Corpus) -> tuple[int, Tapback | None]:
    """Return a tapback that begins at this line, and the number of its lines."""
    for length in range(1, min(_MAX_TAPBACK_LINES, len(lines) - at) + 1):
        matched = match_tapback("\n".join(lines[at : at + length]).strip())
        if matched and (not matched.quoted or corpus.knows(matched.quoted)):
            return length, matched
    return 1, None


def _is_tapback_of(quoted: str, corpus: Corpus, *, is_capitalized: bool) -> bool:
    """Return whether this quotation makes a sentence a tapback.

    What an agent or the business wrote is not known here: a longer or cut quotation is enough for it.
    """
    if not quoted or corpus.knows(quoted):
        return True
    return is_capitalized and (len(tokenize(quoted)) >= _MIN_UNKNOWN_WORDS or is_cut_off(quoted))


def _remove_quoted_spans(text: str, corpus: Corpus) -> str:
    """Remove what stands in quotation marks and is how a message of the bot begins.

    A label in quotation marks is a choice, and so is any other part of a message (“say "cancel"”).
    """
    for span in list(_QUOTED_SPAN.finditer(text[:MAX_COMPARED_LENGTH]))[-_MAX_SPANS:][::-1]:
        words, is_cut = tokenize(span[1]), is_cut_off(span[1])
        least = _MIN_CUT_SPAN_WORDS if is_cut else _MIN_QUOTED_SPAN_WORDS
        if len(words) < least or words in corpus.offered:
            continue
        if any(contains_words(message[: len(words)], words, is_cut=is_cut) for message in corpus.bot):
            text = join_rest(text[: span.start()], text[span.end() :])
    return text
