"""Reading clause by clause: which words a denial covers, and what is left out."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.clauses.clause_patterns import ClausePatterns, clause_patterns
from flows.nlu.confirmation import answer_vocabulary, negates_other_words
from flows.nlu.words.lexicon import is_negated, is_negation
from flows.nlu.words.patterns import one_of
from flows.text import tokenize

_MAX_WORDS_OF_PREFERENCE = 10
_MAX_WORDS_BEHIND_DENIAL = 1
_MAX_DENIED_NAME = 3
_CONTRAST = 3
_PUNCTUATION = re.compile(r"[.,;:!?()\n¿¡…–—]+(?=\s|$)|\s[-–—]\s|[¿¡]|\n|\.{2,}|…")

Tokens = tuple[str, ...]


def split_clauses(text: str, language: str = DEFAULT_LANGUAGE) -> list[Tokens]:
    """Return the words of each clause: between punctuation, and from words such as “but” on."""
    patterns = clause_patterns(lexicon_for(language))
    return [
        clause
        for part in _PUNCTUATION.split(text)
        if (tokens := tokenize(part))
        for clause in _split_at_words(tokens, patterns, language)
    ]


def _split_at_words(tokens: Tokens, patterns: ClausePatterns, language: str) -> list[Tokens]:
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
    text = _lone_no(lexicon_for(language)).sub(r"\g<0>,", text)
    denied, offset, is_question = set[int](), 0, text.rstrip().endswith("?")
    condition = clause_patterns(lexicon_for(language)).condition
    for clause in split_clauses(text, language):
        if is_yes and offset and not is_question and condition.match(f" {' '.join(clause)} "):
            denied.update(range(offset, offset + len(clause)))
        else:
            denied.update(offset + at for at in _denied_in_clause(clause, language, is_question=is_question))
        offset += len(clause)
    return frozenset(denied)


@cache
def _lone_no(lexicon: Lexicon) -> re.Pattern[str]:
    """Return the pattern of a “no” that stands for itself before a second thought: “no wait, Bob”."""
    acts = lexicon.speech_acts
    behind = one_of((*acts.second_thoughts, *acts.waiting))
    return re.compile(rf"\b{one_of(lexicon.answers.no)}(?=\s+{behind}\b)", re.IGNORECASE)


def doubted_positions(text: str, language: str = DEFAULT_LANGUAGE) -> frozenset[int]:
    """Return the positions of words in clauses with any denial (“Saturdays I cannot”)."""
    doubted, offset = set[int](), 0
    for clause in split_clauses(text, language):
        if any(denies(word, language) for word in clause[1:]) or (
            denies(clause[0], language) and len(clause) > 2
        ):
            doubted.update(range(offset, offset + len(clause)))
        offset += len(clause)
    return frozenset(doubted)


def denies(word: str, language: str) -> bool:
    """Return whether a word denies others: “never” too, but not the “no” that stands for itself."""
    vocabulary = answer_vocabulary(language)
    return is_negation(word, language) and (word not in vocabulary.no or word in vocabulary.negating_no)


def _denied_in_clause(clause: Tokens, language: str, *, is_question: bool) -> set[int]:
    patterns, spaced = clause_patterns(lexicon_for(language)), f" {' '.join(clause)} "
    if is_negative_question(clause, patterns, language) and (is_question or len(clause) > 3):
        return set()
    near = {at for at in range(len(clause)) if is_negated(at, clause, language)}
    negation = next((at for at, word in enumerate(clause) if denies(word, language)), None)
    if negation is None:
        return near
    if not patterns.wish.search(spaced) and patterns.statement.search(spaced):
        return near
    rest = len(clause) - negation - 1
    is_behind = (
        clause[negation] in lexicon_for(language).trailing_negations and rest <= _MAX_WORDS_BEHIND_DENIAL
    )
    if is_behind and _is_contrast(clause, patterns, language):
        is_behind = False
    if is_behind and len(clause) > _MAX_DENIED_NAME and not patterns.wish.search(spaced):
        return near  # a verb is denied: “my rabbit does not eat”
    return near | set(range(0 if is_behind else negation + 1, len(clause))) - {negation}


def _is_contrast(clause: Tokens, patterns: ClausePatterns, language: str) -> bool:
    """Return whether a clause is one thing and not another: “medium not large”, not “works not well”."""
    if len(clause) != _CONTRAST or not denies(clause[1], language):
        return False
    known = _words_without_contrast(lexicon_for(language), language)
    return known.isdisjoint((clause[0], clause[2])) and not patterns.statement.search(f" {clause[0]} ")


@cache
def _words_without_contrast(lexicon: Lexicon, language: str) -> frozenset[str]:
    """Return the words that stand around a “not” and are no things of which one is wanted."""
    known = lexicon.fillers | lexicon.thanks | lexicon.clauses.particles | lexicon.clauses.consent_companions
    return known | lexicon.clauses.value_companions | answer_vocabulary(language).answers


def is_excepted(before: Tokens, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether what follows these words is left out, as after “any day but” and “instead of”.

    After an answer or another value in the place of it “but” only goes on (“yes but Monday”).
    """
    if is_replaced(before, language):
        return True
    words = _without_articles(before, lexicon_for(language))
    spaced = f" {' '.join(words)} "
    patterns = clause_patterns(lexicon_for(language))
    match = patterns.exception.search(spaced)
    if not match:
        return False
    ahead = spaced[: match.start()].split()
    vocabulary = answer_vocabulary(language)
    if not ahead:  # “except Monday”, not “but Monday suits me”
        return match[0].strip() not in lexicon_for(language).dates.contrast_words
    return (
        ahead[-1] not in vocabulary.answers
        and not any(denies(each, language) for each in ahead)
        and not (len(ahead) == 2 and is_negation(ahead[0], language))  # “no onions but olives”
    )


def is_replaced(before: Tokens, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether something else is given in the place of what follows these words: “4 instead of 3”."""
    words, patterns = _without_articles(before, lexicon_for(language)), clause_patterns(lexicon_for(language))
    return (
        patterns.replacement.search(f" {' '.join(words)} ") is not None
        or patterns.preference.search(f" {' '.join(before[-_MAX_WORDS_OF_PREFERENCE:])} ") is not None
    )


def _without_articles(words: Tokens, lexicon: Lexicon) -> Tokens:
    skipped, end = _articles(lexicon), len(words)
    while end and words[end - 1] in skipped:
        end -= 1
    return words[:end]


@cache
def _articles(lexicon: Lexicon) -> frozenset[str]:
    """Return the words without a meaning of their own that may stand before what is left out."""
    skipped = {*lexicon.dates.articles, *lexicon.dates.day_prepositions, *lexicon.dates.bound_articles}
    kept = (*lexicon.clauses.exceptions, *lexicon.clauses.replacements)
    skipped |= lexicon.fillers | {word for phrase in lexicon.times.prepositions for word in phrase.split()}
    return frozenset(skipped - {phrase.split()[-1] for phrase in kept})


def is_negative_question(clause: Tokens, patterns: ClausePatterns, language: str) -> bool:
    particles = lexicon_for(language).clauses.particles
    plain = f" {' '.join(word for word in clause if word not in particles)} "
    return patterns.negative_question.match(plain) is not None
