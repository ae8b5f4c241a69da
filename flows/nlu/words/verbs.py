"""Verbs with their pronouns written as one word, as Spanish has them: “resérvamela”."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flows.locales import Lexicon

_MOST_PRONOUNS = 2
_MIN_STEM, _MIN_EQUAL_STEM = 4, 3


def is_verb_with_pronouns(word: str, verbs: Iterable[str], lexicon: Lexicon) -> bool:
    """Return whether a word is one of these verbs with its pronouns: “encárguemelas” to “encargo”."""
    if not word.endswith(tuple(lexicon.forms.object_endings)):
        return False
    stems = {stem for each in _without_pronouns(word, lexicon) if len(stem := _stem(each)) >= _MIN_EQUAL_STEM}
    return any(
        _stem(verb) in stems
        or any(len(stem) >= _MIN_STEM and _without_diphthongs(verb).startswith(stem) for stem in stems)
        for verb in verbs
    )


def _without_pronouns(word: str, lexicon: Lexicon) -> Iterator[str]:
    """Yield a verb without one, and without two pronouns (“resérva|me|la”)."""
    words = [word]
    for _ in range(_MOST_PRONOUNS):
        words = [
            each.removesuffix(ending)
            for each in words
            for ending in lexicon.forms.object_endings
            if each.endswith(ending)
        ]
        yield from words


def _stem(verb: str) -> str:
    return _without_diphthongs(verb).removesuffix("n").rstrip("aeiou")


def _without_diphthongs(word: str) -> str:
    """Return a word with the vowels that Spanish verbs have where they are not stressed (“conciert”)."""
    return word.replace("ie", "e").replace("ue", "o")
