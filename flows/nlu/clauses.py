"""Reading clause by clause: which words a denial covers, what takes a yes back, and who wants to wait."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import OSA

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.confirmation import answer_vocabulary, negates_other_words
from flows.nlu.lexicon import is_negated, is_negation
from flows.nlu.patterns import one_of
from flows.text import tokenize

_MAX_CONSENT_WORDS = 10
_MAX_WORDS_BEHIND_DENIAL = 1
_MAX_DENIED_NAME = 3
_MAX_ENDING_WORDS = 4
_MIN_TYPO_WORD_LENGTH = 4
_PUNCTUATION = re.compile(r"[.,;:!?()\n¿¡…–—]+(?=\s|$)|\s[-–—]\s|[¿¡]|\n|\.{2,}|…")

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Patterns:
    """A language's phrases as patterns of text with a space around each word."""

    boundary: re.Pattern[str]
    reservation: re.Pattern[str]
    waiting: re.Pattern[str]
    doubt: re.Pattern[str]
    wish: re.Pattern[str]
    statement: re.Pattern[str]
    negative_question: re.Pattern[str]
    harmless: re.Pattern[str]
    exception: re.Pattern[str]
    replacement: re.Pattern[str]
    condition: re.Pattern[str]
    request: re.Pattern[str]
    hypothetical: re.Pattern[str]
    generality: re.Pattern[str]
    obligation: re.Pattern[str]


@cache
def _patterns(lexicon: Lexicon) -> _Patterns:
    words = lexicon.clauses

    def phrase(phrases: Iterable[str]) -> re.Pattern[str]:
        return re.compile(rf"(?<= ){one_of(phrases)}(?= )")

    return _Patterns(
        boundary=phrase((*words.reservations, *words.clause_starts)),
        reservation=phrase((*words.reservations, *words.doubts)),
        waiting=phrase(words.waiting),
        doubt=phrase(words.doubts),
        wish=phrase(words.wishes),
        statement=phrase(words.statements),
        negative_question=re.compile(rf" {one_of(words.negative_questions)} "),
        condition=re.compile(rf" {one_of(words.conditions)} "),
        hypothetical=phrase(words.hypothetical_starts),
        generality=phrase(words.generalities),
        obligation=phrase(words.obligations),
        request=re.compile(rf"{one_of(words.request_starts)}\b"),
        exception=re.compile(rf" {one_of(words.exceptions)} $"),
        replacement=re.compile(rf" {one_of(words.replacements)} $"),
        harmless=phrase((*lexicon.answers.yes_phrases, *lexicon.answers.neutral_phrases)),
    )


def split_clauses(text: str, language: str = DEFAULT_LANGUAGE) -> list[Tokens]:
    """Return the words of each clause: between punctuation, and from words such as “but” on."""
    patterns = _patterns(lexicon_for(language))
    return [
        clause
        for part in _PUNCTUATION.split(text)
        if (tokens := tokenize(part))
        for clause in _split_at_words(tokens, patterns, language)
    ]


def _split_at_words(tokens: Tokens, patterns: _Patterns, language: str) -> list[Tokens]:
    spaced = f" {' '.join(tokens)} "
    starts = sorted({spaced.count(" ", 0, match.start()) - 1 for match in patterns.boundary.finditer(spaced)})
    starts = [at for at in starts if at > 0 and not negates_other_words(tokens[at - 1], language)]
    return [
        tokens[start:end]
        for start, end in zip([0, *starts], [*starts, len(tokens)], strict=True)
        if start < end
    ]


def denied_positions(text: str, language: str = DEFAULT_LANGUAGE) -> frozenset[int]:
    """Return the positions of the words of a text that are denied.

    The denial of a wish covers its clause. In a clause that tells a fact it covers three words.
    """
    words, vocabulary = tokenize(text), answer_vocabulary(language)
    is_yes = len(words) > 2 and words[0] in vocabulary.affirmative
    if not is_yes and not any(is_negation(word, language) for word in words):
        return frozenset()
    denied, offset, is_question = set[int](), 0, text.rstrip().endswith("?")
    condition = _patterns(lexicon_for(language)).condition
    for clause in split_clauses(text, language):
        if is_yes and offset and not is_question and condition.match(f" {' '.join(clause)} "):
            denied.update(range(offset, offset + len(clause)))
        else:
            denied.update(offset + at for at in _denied_in_clause(clause, language, is_question=is_question))
        offset += len(clause)
    return frozenset(denied)


def doubted_positions(text: str, language: str = DEFAULT_LANGUAGE) -> frozenset[int]:
    """Return the positions of words in clauses with any denial (“Saturdays I cannot”)."""
    doubted, offset = set[int](), 0
    for clause in split_clauses(text, language):
        if any(_denies(word, language) for word in clause[1:]) or (
            _denies(clause[0], language) and len(clause) > 2
        ):
            doubted.update(range(offset, offset + len(clause)))
        offset += len(clause)
    return frozenset(doubted)


def _denies(word: str, language: str) -> bool:
    """Return whether a word denies others: “never” too, but not the “no” that stands for itself."""
    vocabulary = answer_vocabulary(language)
    return is_negation(word, language) and (word not in vocabulary.no or word in vocabulary.negating_no)


def _denied_in_clause(clause: Tokens, language: str, *, is_question: bool) -> set[int]:
    patterns, spaced = _patterns(lexicon_for(language)), f" {' '.join(clause)} "
    if _is_negative_question(clause, patterns, language) and (is_question or len(clause) > 3):
        return set()
    near = {at for at in range(len(clause)) if is_negated(at, clause, language)}
    negation = next((at for at, word in enumerate(clause) if _denies(word, language)), None)
    if negation is None:
        return near
    if not patterns.wish.search(spaced) and patterns.statement.search(spaced):
        return near
    rest = len(clause) - negation - 1
    is_behind = (
        clause[negation] in lexicon_for(language).trailing_negations and rest <= _MAX_WORDS_BEHIND_DENIAL
    )
    if is_behind and len(clause) > _MAX_DENIED_NAME and not patterns.wish.search(spaced):
        return near  # a verb is denied: “my rabbit does not eat”
    return near | set(range(0 if is_behind else negation + 1, len(clause))) - {negation}


def refuses_wish(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a clause of the text denies a wish."""
    for clause in split_clauses(text, language):
        if any(_denies(word, language) for word in clause):
            spaced, patterns = f" {' '.join(clause)} ", _patterns(lexicon_for(language))
            if patterns.wish.search(spaced) or not patterns.statement.search(spaced):
                return not _is_negative_question(clause, patterns, language)
    return False


def _is_negative_question(clause: Tokens, patterns: _Patterns, language: str) -> bool:
    particles = lexicon_for(language).clauses.particles
    plain = f" {' '.join(word for word in clause if word not in particles)} "
    return patterns.negative_question.match(plain) is not None


def has_wish(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text wishes or asks for something to be done."""
    spaced = f" {' '.join(tokenize(text))} "
    return _patterns(lexicon_for(language)).wish.search(spaced) is not None or is_request(text, language)


def is_excepted(before: Tokens, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether what follows these words is left out, as after “any day but” and “instead of”.

    After an answer or another value in the place of it “but” only goes on (“yes but Monday”).
    """
    words = _without_articles(before, lexicon_for(language))
    spaced = f" {' '.join(words)} "
    patterns = _patterns(lexicon_for(language))
    if patterns.replacement.search(spaced):
        return True
    match = patterns.exception.search(spaced)
    if not match:
        return False
    ahead = spaced[: match.start()].split()
    vocabulary = answer_vocabulary(language)
    return (
        bool(ahead)
        and ahead[-1] not in vocabulary.answers
        and not any(_denies(each, language) for each in ahead)
        and not (len(ahead) == 2 and is_negation(ahead[0], language))  # “no onions but olives”
    )


def _without_articles(words: Tokens, lexicon: Lexicon) -> Tokens:
    skipped = {*lexicon.dates.articles, *lexicon.dates.day_prepositions, *lexicon.dates.bound_articles}
    kept = (*lexicon.clauses.exceptions, *lexicon.clauses.replacements)
    skipped |= lexicon.fillers | {word for phrase in lexicon.times.prepositions for word in phrase.split()}
    skipped -= {phrase.split()[-1] for phrase in kept}
    end = len(words)
    while end and words[end - 1] in skipped:
        end -= 1
    return words[:end]


def is_request(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a question asks for something to be done or given (“could I have”)."""
    return _patterns(lexicon_for(language)).request.match(" ".join(tokenize(text))) is not None


def asks_about_deed(text: str, language: str = DEFAULT_LANGUAGE, *, is_question: bool) -> bool:
    """Return whether a text is about what might be done: “if I cancel …”, “can I cancel any time?”."""
    lexicon, spaced = lexicon_for(language), f" {' '.join(tokenize(text))} "
    if _patterns(lexicon).hypothetical.search(spaced):
        return True
    if not is_question:
        return False
    return not is_request(text, language) or _patterns(lexicon).generality.search(spaced) is not None


def mentions_ending(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether “stop” and the like only stand inside of a statement: “I got a bus stop text”.

    Who wishes it says so, begins a clause with it, or says little else.
    """
    lexicon, found = lexicon_for(language), False
    words = lexicon.clauses
    opening = (
        lexicon.fillers | lexicon.correction_words | lexicon.greetings | answer_vocabulary(language).answers
    )
    opening |= words.consent_companions | words.particles
    for clause in split_clauses(text, language):
        at = next((at for at, word in enumerate(clause) if word in words.ending_words), -1)
        if at < 0:
            continue
        found, spaced = True, f" {' '.join(clause)} "
        is_wish = _patterns(lexicon).wish.search(spaced) or _patterns(lexicon).obligation.search(spaced)
        is_short = len(clause) <= _MAX_ENDING_WORDS or (words.joins_words and at == len(clause) - 1)
        if is_wish or is_short or is_request(" ".join(clause), language) or opening.issuperset(clause[:at]):
            return False
    return found


def asks_to_wait(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a short text asks for time."""
    words = tokenize(text)
    return (
        len(words) <= 6
        and _patterns(lexicon_for(language)).waiting.search(f" {' '.join(words)} ") is not None
    )


def is_reserved(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a text takes an answer back: a question, a condition, an exception, a doubt, a wait."""
    patterns = _patterns(lexicon_for(language))
    spaced = patterns.harmless.sub(";", f" {' '.join(tokenize(text))} ")
    return (
        "?" in text
        or patterns.reservation.search(spaced) is not None
        or patterns.waiting.search(spaced) is not None
    )


def is_unreserved_yes(text: str, language: str = DEFAULT_LANGUAGE, known: Iterable[str] = ()) -> bool:
    """Return whether a text is a yes and nothing else: short, no reservation, no word that was not read.

    `known` are words that say nothing new here: those of the question and of the edge's keywords.
    """
    tokens = tokenize(text)
    if not 0 < len(tokens) <= _MAX_CONSENT_WORDS or is_reserved(text, language):
        return False
    lexicon, vocabulary = lexicon_for(language), answer_vocabulary(language)
    spaced = _patterns(lexicon).harmless.sub("", f" {' '.join(tokens)} ")
    allowed = (
        lexicon.clauses.consent_companions | vocabulary.affirmative | vocabulary.alone.keys() | set(known)
    )
    allowed |= {word.replace("'", "") for word in allowed if "'" in word}
    return all(
        not negates_other_words(word, language)
        and word not in vocabulary.negative
        and any(form in allowed or _is_almost(form, allowed) for form in _forms(word, lexicon))
        for word in spaced.split()
    )


def _forms(word: str, lexicon: Lexicon) -> Iterator[str]:
    """Yield a word, and its verb where a pronoun is written as one word with it (“cancélala”)."""
    yield word
    for ending in lexicon.clauses.object_endings:
        if word.endswith(ending) and len(word) >= len(ending) + _MIN_TYPO_WORD_LENGTH:
            yield word.removesuffix(ending)


def _is_almost(word: str, allowed: frozenset[str] | set[str]) -> bool:
    if word.isdigit():
        return False
    squeezed = re.sub(r"(.)\1+", r"\1", word)
    return squeezed in allowed or (
        len(word) >= _MIN_TYPO_WORD_LENGTH
        and any(
            len(other) >= _MIN_TYPO_WORD_LENGTH
            and other[0] == word[0]
            and OSA.distance(word, other, score_cutoff=1) <= 1
            for other in allowed
        )
    )


for (
    _lexicon
) in ALL_LEXICONS:  # compiled at import, as a worker that forks per job would compile them in each job
    _patterns(_lexicon)
