"""Words with which a user is not sure of a value: “maybe”, “I think”, “no idea”."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.speech_acts.wishes import is_request
from flows.nlu.words.patterns import any_pattern, one_of
from flows.text import normalize, tokenize

_SEPARATOR = re.compile(r"[.,;:!?()\n…]+(?=\s|$)|[\u2600-\u27bf\U0001f300-\U0001faff]+")


@cache
def _doubt_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    acts, answers = lexicon.speech_acts, lexicon.answers
    phrases = {*acts.doubts, *answers.doubt_phrases} - {*answers.not_yet, *acts.delays}
    return re.compile(rf"(?<= ){one_of(phrases)}(?= )")


@cache
def _courtesy(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"(?<= ){one_of(lexicon.clauses.polite_conditions)}(?= )")


@cache
def _strict_condition(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"(?<= ){one_of(lexicon.clauses.strict_conditions)}(?= )")


@cache
def _condition(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(any_pattern(lexicon.clauses.value_condition_patterns))


@cache
def _objection_pattern(lexicon: Lexicon, *, is_counted: bool) -> re.Pattern[str]:
    acts = lexicon.speech_acts
    return re.compile(any_pattern((*acts.objection_patterns, *(acts.excess_patterns if is_counted else ()))))


def holds_under_condition(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether what a text says holds only under a condition: “5, if Tom comes”."""
    lexicon = lexicon_for(language)
    if _strict_condition(lexicon).search(f" {' '.join(tokenize(text))} "):
        return True
    written = unicodedata.normalize("NFC", text.casefold()).replace("’", "'")
    return _condition(lexicon).search(f"{' '.join(written.split())} ") is not None


def mask_doubts(text: str, language: str = DEFAULT_LANGUAGE, *, is_counted: bool = False) -> str:
    """Return the text without the parts that doubt what they say; the text itself if nothing is doubted.

    What holds only under a condition (“Monday, if …”) is doubted as a whole. A doubt that stands for itself
    (“the 12th, not sure”) is about the parts around it. A polite question (“could I maybe come on Friday?”)
    doubts nothing. A user who objects to a value (“I hate red”) has not chosen it; with `is_counted` a value
    that is called too much or too little is not chosen either.
    """
    doubt, courtesy = _doubt_pattern(lexicon_for(language)), _courtesy(lexicon_for(language))
    said = courtesy.sub("", f" {' '.join(tokenize(text))} ")
    if holds_under_condition(text, language):
        return ";"
    is_asked = text.rstrip().endswith("?") and is_request(said, language)  # “¿puede ser el lunes?”
    is_doubted = (
        doubt.search(said) is not None and not is_asked and not is_request(doubt.sub("", said), language)
    )
    objection = _objection_pattern(lexicon_for(language), is_counted=is_counted)
    if not is_doubted and not objection.search(said):
        return text
    parts = list(_parts(text))
    doubted = set[int]()
    for at, part in enumerate(parts):
        spaced = courtesy.sub("", f" {' '.join(tokenize(part))} ")
        if objection.search(spaced):
            doubted.add(at)
        elif is_doubted and doubt.search(spaced):
            is_alone = _says_nothing_else(doubt.sub("", spaced), lexicon_for(language))
            doubted |= {at - 1, at, at + 1} if is_alone else {at}
    return "".join(" ;" if at in doubted else part for at, part in enumerate(parts))


def objects_to_value(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text objects to the value in it: “large is too big”."""
    objection = _objection_pattern(lexicon_for(language), is_counted=True)
    return objection.search(f" {' '.join(tokenize(text))} ") is not None


def mask_outdated(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the text without the parts that say what holds no more: “AB1234 was the old one”."""
    outdated = _outdated_pattern(lexicon_for(language))
    if not outdated.search(f" {' '.join(tokenize(text))} "):
        return text
    kept = (" ;" if outdated.search(f" {' '.join(tokenize(part))} ") else part for part in _parts(text))
    return "".join(kept)


@cache
def _outdated_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(any_pattern(lexicon.speech_acts.outdated_patterns))


def _says_nothing_else(rest: str, lexicon: Lexicon) -> bool:
    return (lexicon.fillers | lexicon.stop_words).issuperset(rest.split())


def _parts(text: str) -> Iterator[str]:
    start = 0
    for match in _SEPARATOR.finditer(text):
        yield text[start : match.end()]
        start = match.end()
    if normalize(text[start:]).strip():
        yield text[start:]


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _doubt_pattern(_lexicon)
    _courtesy(_lexicon)
    _outdated_pattern(_lexicon)
    _objection_pattern(_lexicon, is_counted=True)
    _objection_pattern(_lexicon, is_counted=False)
    _strict_condition(_lexicon)
    _condition(_lexicon)
