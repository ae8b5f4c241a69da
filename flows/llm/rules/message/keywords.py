"""Matches an edge's keywords in a text: exactly, with a typing error, or as another yes or no."""

from __future__ import annotations

from collections.abc import Collection, Container

from rapidfuzz.distance import OSA

from flows.locales import DEFAULT_LANGUAGE, lexicon_for
from flows.nlu import MIN_STEM, answer_vocabulary, is_negation, stem_of
from flows.text import find_phrase, squeeze_repeats

_MIN_TYPO_WORD_LENGTH = 5
_MAX_WORDS = 60
_MAX_ANSWER_WORDS = 4
_MAX_TYPOS = 2
_MIN_JOINED_LENGTH, _MIN_JOINED_PREFIX = 4, 3
# keywords of one letter that an author gives for a yes and a no
_YES_LETTER, _NO_LETTER = "y", "n"

Phrase = tuple[str, ...]


def expand_abbreviations(words: Phrase, language: str = DEFAULT_LANGUAGE) -> Phrase:
    """Return the words with chat spellings such as `u` written out."""
    abbreviations = lexicon_for(language).abbreviations
    return tuple(abbreviations.get(word, word) for word in words)


def exact_match_length(
    keywords: Collection[Phrase],
    words: Phrase,
    denied: Container[int],
    language: str = DEFAULT_LANGUAGE,
    *,
    is_first: bool = False,
) -> int:
    """Return how many letters of `words` are keywords; a first message's greeting does not count.

    `denied` are the positions of the words that are denied.
    """
    plain = _without_apostrophes(words)
    starts = (
        (phrase, max(find_phrase(phrase, words), find_phrase(_without_apostrophes(phrase), plain)))
        if len(phrase) < 2
        else (phrase, max(find_phrase(phrase, words), _find_loosely(phrase, plain, language)))
        for phrase in keywords
    )
    return sum(
        _phrase_weight(phrase, language)
        for phrase, start in starts
        if start >= 0
        and _is_valid_match(phrase, start, words, denied, language)
        and not (is_first and lexicon_for(language).greetings.issuperset(phrase))
    )


def _without_apostrophes(words: Phrase) -> Phrase:
    return tuple(word.replace("'", "") for word in words)


def _find_loosely(phrase: Phrase, plain: Phrase, language: str) -> int:
    """Return the position of a phrase between whose words particles stand (“springt *gar* nicht an”)."""
    phrase, particles = _without_apostrophes(phrase), lexicon_for(language).clauses.particles
    kept = [at for at, word in enumerate(plain) if word not in particles or word in phrase]
    found = find_phrase(phrase, tuple(plain[at] for at in kept))
    return kept[found] if found >= 0 else -1


def fuzzy_match_length(
    keywords: Collection[Phrase], words: Phrase, denied: Container[int], language: str = DEFAULT_LANGUAGE
) -> int:
    """Return the length of the longest keyword that `words` contain with a typo."""
    return max(
        (
            _phrase_weight(phrase, language)
            for phrase in keywords
            if _has_fuzzy_match(phrase, words, denied, language)
        ),
        default=0,
    )


def is_equivalent_answer(
    keywords: Collection[Phrase],
    words: Phrase,
    *,
    agreed: bool | None,
    language: str = DEFAULT_LANGUAGE,
    is_clear: bool = False,
) -> bool:
    """Return whether `words` are the yes or the no that the keywords are: `ja` where they have `yes`.

    They are few, or `is_clear` says that nothing else is among them.
    """
    if agreed is None or (len(words) > _MAX_ANSWER_WORDS and not is_clear):
        return False
    vocabulary = answer_vocabulary(language)
    alone = {phrase[0] for phrase in keywords if len(phrase) == 1}
    if not agreed:
        return bool(alone & (vocabulary.no | {_NO_LETTER}))
    is_correction = vocabulary.correct.intersection(words)
    return bool(alone & (vocabulary.correct if is_correction else vocabulary.yes | {_YES_LETTER}))


def _is_generic_answer(phrase: Phrase, language: str) -> bool:
    vocabulary = answer_vocabulary(language)
    word = phrase[0]
    return len(phrase) == 1 and (
        word in vocabulary.affirmative
        or word in vocabulary.negative
        or word in lexicon_for(language).answers.generic
    )


def _phrase_weight(phrase: Phrase, language: str) -> int:
    # a bare yes or no, however long the word, says less than a content word beside it
    return 2 if _is_generic_answer(phrase, language) else sum(map(len, phrase))


def _is_valid_match(phrase: Phrase, start: int, words: Phrase, denied: Container[int], language: str) -> bool:
    # the “nothing” in the middle of a sentence is not an answer
    is_answer = _is_generic_answer(phrase, language)
    is_stray = is_answer and start > 1 and len(words) > 4
    following = words[start + 1 : start + 3]
    is_denied_after = (
        is_answer
        and bool(lexicon_for(language).trailing_negations.intersection(following))
        and phrase[0] in answer_vocabulary(language).affirmative
    )
    return not is_stray and not is_denied_after and not _is_denied(phrase, start, denied, language)


def _is_denied(phrase: Phrase, start: int, denied: Container[int], language: str) -> bool:
    """Return whether the phrase is denied by a word outside of it."""
    return start in denied and not any(is_negation(word, language) for word in phrase)


def _has_fuzzy_match(phrase: Phrase, words: Phrase, denied: Container[int], language: str) -> bool:
    starts = range(min(len(words), _MAX_WORDS) - len(phrase) + 1)
    written, words = words, tuple(_without_pronoun(word, language) for word in words)
    if _ends_joined_word(phrase, words, denied, language):
        return True
    return any(
        words[at][0] == phrase[0][0]  # the first letter is seldom wrong, and most words end here
        and not _is_common_elsewhere(phrase, words[at : at + len(phrase)], language)
        and (
            0 < _phrase_distance(phrase, words[at : at + len(phrase)]) <= _MAX_TYPOS
            or words[at : at + len(phrase)] == phrase != written[at : at + len(phrase)]
        )
        and not _is_denied(phrase, at, denied, language)
        for at in starts
    )


def _without_pronoun(word: str, language: str) -> str:
    """Return a verb without the pronoun that is written as one word with it (“anuladlo”)."""
    endings = lexicon_for(language).forms.object_endings
    ending = next((each for each in endings if word.endswith(each)), "")
    return word.removesuffix(ending) if len(word) >= len(ending) + _MIN_TYPO_WORD_LENGTH else word


def _ends_joined_word(phrase: Phrase, words: Phrase, denied: Container[int], language: str) -> bool:
    """Return whether a word is a kind of what a keyword says: “Winterreifen” where it is “Reifen”."""
    if len(phrase) > 1 or len(phrase[0]) < _MIN_JOINED_LENGTH:
        return False
    return lexicon_for(language).forms.joins_words and any(
        word.endswith(phrase[0]) and len(word) >= len(phrase[0]) + _MIN_JOINED_PREFIX and at not in denied
        for at, word in enumerate(words)
    )


def other_form_length(
    keywords: Collection[Phrase], words: Phrase, denied: Container[int], language: str = DEFAULT_LANGUAGE
) -> int:
    """Return the length of the longest keyword that `words` have in other forms: “abgeholt” for “abholen”."""
    stems = tuple(stem_of(word, language) for word in words[:_MAX_WORDS])
    found = (
        phrase
        for phrase in keywords
        if (at := find_phrase(tuple(stem_of(word, language) for word in phrase), stems)) >= 0
        and words[at : at + len(phrase)] != phrase
        and all(len(stem) >= MIN_STEM for stem in stems[at : at + len(phrase)])
        and not _is_denied(phrase, at, denied, language)
        and not _is_common_elsewhere(phrase, words[at : at + len(phrase)], language)
    )
    return max((_phrase_weight(phrase, language) for phrase in found), default=0)


def _is_common_elsewhere(phrase: Phrase, part: Phrase, language: str) -> bool:
    """Return whether a word that differs is one of the language: “para” is no “parar” with a typo."""
    lexicon = lexicon_for(language)
    common = lexicon.fillers | lexicon.stop_words | lexicon.correction_words
    return any(typed != meant and typed in common for meant, typed in zip(phrase, part, strict=True))


def _phrase_distance(phrase: Phrase, part: Phrase) -> int:
    """Return the edit distance word by word: `where is my` is another question than `where is it`."""
    return sum(map(_word_distance, phrase, part))


def _word_distance(meant: str, typed: str) -> int:
    if meant == typed:
        return 0
    if len(meant) < _MIN_TYPO_WORD_LENGTH:
        is_drawn_out = len(typed) > len(meant) and squeeze_repeats(typed) == squeeze_repeats(meant)
        # transposed letters; “spot” has the letters of “stop” but is another word
        is_mixed_up = (
            len(meant) == _MIN_TYPO_WORD_LENGTH - 1
            and sorted(typed) == sorted(meant)
            and OSA.distance(meant, typed, score_cutoff=1) <= 1
        )
        return 1 if is_drawn_out or is_mixed_up else _MAX_TYPOS + 1
    allowed = 1 if len(meant) < 8 else 2
    errors = OSA.distance(meant, typed, score_cutoff=allowed)
    return errors if errors <= allowed else _MAX_TYPOS + 1
