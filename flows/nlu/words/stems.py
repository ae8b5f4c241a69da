"""Stems of words, so that the forms of a verb and its noun are alike: “abgeholt”, “abholen”, “Abholung”."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.words.patterns import one_of

MIN_STEM = 4


def have_same_stem(one: str, other: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether two different words are forms of the same."""
    if one[:1] != other[:1] and "ge" not in (one[:2], other[:2]):
        return False
    stem = stem_of(one, language)
    return len(stem) >= MIN_STEM and stem == stem_of(other, language)


@lru_cache(maxsize=4_000)
def stem_of(word: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return a word without the beginning and the ending of its form."""
    lexicon = lexicon_for(language)
    words = lexicon.forms
    if word in words.irregular:
        return words.irregular[word]
    participle, ending = _patterns(lexicon)
    if match := participle.fullmatch(word):
        prefix, infinitive = match["prefix"] or "", _infinitive(match["stem"], lexicon)
        known = words.irregular.get(infinitive)
        return f"{prefix}{known}" if known else stem_of(f"{prefix}{infinitive}", language)
    stem = ending.sub("", word)
    if len(stem) < MIN_STEM:
        return word
    return (
        stem[:-1] if words.doubles_consonants and stem[-1] == stem[-2] and stem[-1] not in "aeious" else stem
    )


def _infinitive(stem: str, lexicon: Lexicon) -> str:
    ending = lexicon.forms.infinitive_ending
    return f"{stem}{ending[1:] if stem.endswith(('er', 'el')) else ending}"


@cache
def _patterns(lexicon: Lexicon) -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = lexicon.forms
    inner = one_of(words.participle_prefixes)
    separable = one_of(lexicon.forms.verb_prefixes)
    return (
        re.compile(
            rf"(?P<prefix>{separable})?{inner}(?P<stem>\w{{3,}}?)(?:{one_of(words.participle_endings)})"
        ),
        re.compile(rf"(?<=\w\w\w){one_of(words.endings)}$"),
    )


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _patterns(_lexicon)
