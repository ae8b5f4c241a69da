"""Recognizes a value that the same text takes back: “the 8th? wait, that's a Tuesday. the 9th” is the 9th."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.words.patterns import one_of
from flows.text import normalize, normalize_same_length, tokenize

_PART = re.compile(r"(?<!\d)[.,;:!?()\n…–—]+(?=\s|$)|\s[-–—]\s")


def text_after_retraction(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return what a text says last, if it takes back all before it with a remark about that; else the text.

    The remark (“wait, that's a Tuesday”) has nothing in it but a weekday and words that say nothing.
    """
    lexicon = lexicon_for(language)
    plain = normalize(normalize_same_length(text))
    if len(plain) != len(text) or text.rstrip().endswith("?"):
        return text
    starts = [
        match
        for match in _lead_pattern(lexicon).finditer(plain)
        if _names_day(plain[: match.start()], lexicon)
    ]
    last = (_find_end_of_remarks(plain, match.end(), lexicon) for match in reversed(starts))
    return text[next(filter(None, last), 0) :]


def _names_day(text: str, lexicon: Lexicon) -> bool:
    return any(map(str.isdigit, text)) or not _weekdays(lexicon).isdisjoint(tokenize(text))


def _find_end_of_remarks(text: str, start: int, lexicon: Lexicon) -> int:
    """Return where the last part of a text begins if all parts of it from `start` on are remarks; else 0."""
    ends = [match.end() for match in _PART.finditer(text, start) if text[match.end() :].strip()]
    parts = [text[one:other] for one, other in zip([start, *ends], [*ends, len(text)], strict=True)]
    remarks = [words for part in parts[:-1] if (words := tokenize(part))]
    return ends[-1] if remarks and all(_is_remark(words, lexicon) for words in remarks) else 0


def _is_remark(words: tuple[str, ...], lexicon: Lexicon) -> bool:
    clauses, acts = lexicon.clauses, lexicon.speech_acts
    known = lexicon.fillers | clauses.particles | clauses.consent_companions | clauses.value_companions
    known |= acts.remark_subjects | acts.second_thoughts
    has_subject = not acts.remark_subjects.isdisjoint(words)
    is_about_day = has_subject and not _weekdays(lexicon).isdisjoint(words)
    return (known | _weekdays(lexicon)).issuperset(words) and is_about_day


@cache
def _lead_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    """Return the beginning of a second thought behind punctuation: “wait”, “no, wait”, “no,”."""
    acts = lexicon.speech_acts
    waiting, no = one_of((*acts.waiting, *acts.second_thoughts)), one_of(lexicon.answers.no)
    ahead = one_of((*lexicon.and_words, *acts.second_thoughts))
    return re.compile(
        rf"(?<=[.,;:!?()\n…–—])\s*(?:{ahead}[,\s]+)?"
        rf"(?:(?:{no}[,.!\s]+)?{waiting}\b(?:\s+{no}\b)?|{no}\b(?=\s*[,.;:!]|\s+{_subjects(lexicon)}\b))[\s,.!…]*"
    )


def _subjects(lexicon: Lexicon) -> str:
    return one_of(lexicon.speech_acts.remark_subjects)


@cache
def _weekdays(lexicon: Lexicon) -> frozenset[str]:
    return frozenset(word for names in lexicon.dates.weekdays for name in names for word in tokenize(name))


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _lead_pattern(_lexicon)
