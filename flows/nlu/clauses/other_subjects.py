"""Clauses about something else than what was asked, or of somebody else: no value in them is an answer.

“My train leaves at 5” has a subject and a verb of its own, “you said 40” tells what another one said. A
subject that the question or the slot names, or one that answers have (“our group”), is none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.words.patterns import any_pattern, one_of
from flows.nlu.words.stems import stem_of
from flows.text import normalize, normalize_same_length, tokenize

_MAX_SUBJECT_WORDS, _MIN_SUBJECT_WORD, _MIN_JOINED, _MIN_INQUIRY = 6, 3, 5, 3
_VERB_STEM = 5

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Patterns:
    separator: re.Pattern[str]
    verb: re.Pattern[str]
    inverted_verb: re.Pattern[str]
    quoting: re.Pattern[str]
    inquiry: re.Pattern[str]
    request: re.Pattern[str]
    mark: re.Pattern[str]
    own_nouns: frozenset[str]
    """Words of a subject that an answer may have."""
    empty: frozenset[str]
    """Words that are no subject without an article."""


@cache
def _patterns(lexicon: Lexicon) -> _Patterns:
    words, clauses, dates = lexicon.subjects, lexicon.clauses, lexicon.dates
    links = one_of((*lexicon.and_words, *clauses.conditions, *dates.contrast_words, *words.reason_words))
    days = {
        word
        for names in (*dates.months, *dates.weekdays, dates.near_days, dates.vague_days)
        for name in names
        for word in tokenize(name)
    }
    numbers = lexicon.numbers.by_name.keys() | lexicon.numbers.positions.keys()
    own = words.answer_subjects | clauses.relatives | days | numbers | lexicon.times.vague_day_periods
    companions = clauses.value_companions | clauses.consent_companions | lexicon.stop_words
    answers = lexicon.answers.yes | lexicon.answers.no | lexicon.answers.correct | lexicon.negations
    empty = lexicon.fillers | lexicon.greetings | lexicon.thanks | lexicon.question_words | companions
    return _Patterns(
        separator=re.compile(rf"[.,;:!?()\n…]+(?=\s|$)|(?<=\s)(?={links}\s)"),
        verb=re.compile(any_pattern(words.verb_patterns)),
        inverted_verb=re.compile(any_pattern(words.inverted_verb_patterns)),
        quoting=re.compile(rf" {any_pattern(words.quoting_patterns)} "),
        inquiry=re.compile(rf"\b{any_pattern(words.inquiry_patterns)}\b"),
        request=re.compile(rf"(?:\w+ )?{one_of(clauses.request_starts)}\b"),
        mark=re.compile(r"[.,;:!?()\n…]+(?=\s|$)"),
        own_nouns=own - words.determiners,
        empty=own | empty | answers | lexicon.correction_words,
    )


def stems_of(words: frozenset[str], language: str = DEFAULT_LANGUAGE) -> frozenset[str]:
    """Return words and their stems, without those that have no meaning of their own."""
    lexicon = lexicon_for(language)
    told = words - lexicon.stop_words - lexicon.fillers - lexicon.question_words
    return told | {stem_of(word, language) for word in told} | {word[:_VERB_STEM] for word in told}


def mask_other_subjects(
    text: str, language: str, known: frozenset[str], *, is_own_verb: bool, takes_bare: bool
) -> str:
    """Return the text of the same length without the clauses about something else.

    `known` are stems of what was asked for. With `is_own_verb` the verb of the question is one of its subject
    (“when does it start?”), so that it says what a clause is about; `takes_bare` also looks for subjects
    without an article, which may be a name where an age is asked for.
    """
    patterns = _patterns(lexicon_for(language))
    plain = normalize_same_length(text)
    folded = normalize(plain)
    if len(folded) != len(plain):
        return text
    ends = [match.start() for match in patterns.separator.finditer(folded)]
    masked = text
    for start, end in zip([0, *ends], [*ends, len(folded)], strict=True):
        words = tokenize(folded[start:end])
        if len(words) > 1 and _is_of_other(words, language, known, is_own_verb, takes_bare):
            plain = f"{plain[:start]};{' ' * (end - start - 1)}{plain[end:]}"
            masked = plain
    return masked


def mask_inquiries(text: str, language: str, known: frozenset[str]) -> str:
    """Return the text of the same length without the questions that ask for more than whether it can be had.

    “Do you also take 20 people?” and “does the ferry run on Sunday?” have words that are neither of a value nor
    of what was asked for; “the 5th?”, “is Monday free?” and “can we come at 5?” are answers.
    """
    lexicon = lexicon_for(language)
    patterns = _patterns(lexicon)
    plain = normalize_same_length(text)
    folded = normalize(plain)
    if len(folded) != len(plain) or not ("?" in folded or patterns.inquiry.search(folded)):
        return text
    masked, start = text, 0
    for end, mark in _sentences(folded, patterns):
        words = tokenize(folded[start:end])
        if _inquires(words, language, known, is_marked="?" in mark):
            plain = f"{plain[:start]};{' ' * (end - start - 1)}{plain[end:]}"
            masked = plain
        start = end
    return masked


def _sentences(folded: str, patterns: _Patterns) -> Iterator[tuple[int, str]]:
    """Yield the end of each part between marks, and its mark."""
    for match in patterns.mark.finditer(folded):
        yield match.start(), match[0]
    yield len(folded), ""


def _inquires(words: Tokens, language: str, known: frozenset[str], *, is_marked: bool) -> bool:
    lexicon = lexicon_for(language)
    patterns, subjects = _patterns(lexicon), lexicon.subjects
    if len(words) < _MIN_INQUIRY or not (subjects.speakers | subjects.openness_words).isdisjoint(words):
        return False
    said = " ".join(words)
    if patterns.request.match(said):
        return False
    if patterns.inquiry.search(said):
        return True
    harmless = patterns.empty | subjects.prepositions | subjects.determiners
    return is_marked and any(
        word.isalpha() and word not in harmless and not _is_known(word, language, known) for word in words
    )


def _is_of_other(
    words: Tokens, language: str, known: frozenset[str], is_own_verb: bool, takes_bare: bool
) -> bool:
    lexicon = lexicon_for(language)
    patterns, subjects = _patterns(lexicon), lexicon.subjects
    if not subjects.speakers.isdisjoint(words):
        return False
    if patterns.quoting.search(f" {' '.join(words)} "):
        return True
    for at, word in enumerate(words):
        if word not in subjects.determiners or (at and words[at - 1] in subjects.prepositions):
            continue
        subject = _subject_at(words, at, lexicon)
        if subject and _is_unknown(subject, language, known, is_own_verb):
            return True
    return takes_bare and _has_bare_subject(words, language, known, is_own_verb)


def _subject_at(words: Tokens, at: int, lexicon: Lexicon) -> Tokens:
    """Return the words from behind a determiner up to the verb, which is the last one; none without a verb."""
    patterns = _patterns(lexicon)
    if at and patterns.inverted_verb.fullmatch(words[at - 1]):
        return (*words[at + 1 : at + 2], words[at - 1]) if words[at + 1 : at + 2] else ()
    for end in range(at + 2, min(len(words), at + 2 + _MAX_SUBJECT_WORDS)):
        if any(map(str.isdigit, words[end - 1])):
            return ()
        if patterns.verb.fullmatch(words[end]):
            return words[at + 1 : end + 1]
    return ()


def _is_unknown(subject: Tokens, language: str, known: frozenset[str], is_own_verb: bool) -> bool:
    """Return whether neither what was asked for nor an answer has such a subject.

    The last word is the verb. A thing or a person that another one belongs to counts for itself (“my
    appointment at the dentist”).
    """
    lexicon = lexicon_for(language)
    determiners = lexicon.subjects.determiners
    parts, part = list[Tokens](), list[str]()
    for word in subject[:-1]:
        if word in determiners:
            parts.append(tuple(part))
            part = []
        else:
            part.append(word)
    parts.append(tuple(part))
    if is_own_verb and subject[-1][:_VERB_STEM] in known:
        return False
    return any(part and not any(_is_known(word, language, known) for word in part) for part in parts)


def _is_known(word: str, language: str, known: frozenset[str]) -> bool:
    lexicon = lexicon_for(language)
    word = word.removesuffix("'s")
    own = _patterns(lexicon).own_nouns
    if word in own or word in known or stem_of(word, language) in known or any(map(str.isdigit, word)):
        return True
    is_joined = lexicon.clauses.joins_words and len(word) > _MIN_JOINED
    return is_joined and any(
        word.endswith(noun) for noun in own | known if len(noun) >= _MIN_JOINED
    )


def _has_bare_subject(words: Tokens, language: str, known: frozenset[str], is_own_verb: bool) -> bool:
    lexicon = lexicon_for(language)
    links = {*lexicon.and_words, *lexicon.subjects.reason_words}
    while words and words[0] in links:
        words = words[1:]
    if not words or len(words[0]) < _MIN_SUBJECT_WORD or not words[0].isalpha():
        return False
    subjects = lexicon.subjects
    if words[0] in _patterns(lexicon).empty | subjects.prepositions | subjects.determiners:
        return False
    verbs = subjects.bare_verbs
    at = next((at for at, word in enumerate(words[1:_MAX_SUBJECT_WORDS], 1) if word in verbs), 0)
    return at > 0 and _is_unknown(words[: at + 1], language, known, is_own_verb)


for (
    _lexicon
) in ALL_LEXICONS:  # compiled at import, as a worker that forks per job would compile them in each job
    _patterns(_lexicon)
