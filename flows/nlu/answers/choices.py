"""Recognition of the offered choice that an answer names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from rapidfuzz.distance import OSA

from core.model import Choice
from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, PACK_LEXICONS, Lexicon, lexicon_for
from flows.nlu.answers.open_answers import asks_back
from flows.nlu.answers.reservations import is_reserved, is_unreserved_yes
from flows.nlu.clauses.clause_patterns import clause_patterns
from flows.nlu.clauses.modified_names import (
    is_modified_name,
    is_same_shade,
    is_shaded,
    says_missing,
    split_at_marks,
)
from flows.nlu.clauses.reports import mask_reports
from flows.nlu.confirmation import answer_vocabulary, recognize_confirmation
from flows.nlu.words.patterns import one_of
from flows.text import find_phrase, normalize, squeeze_repeats, tokenize

_MAX_ANSWER_LENGTH = 200
_AFFIRMATIVE_SIGNS = re.compile("[👍👌✅✔🙏😊🙂][\U0001f3fb-\U0001f3ff\ufe0f]?")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|º|ª|o|a|er|e)")
_MIN_SIMILARITY = 0.75
_MIN_SIMILARITY_MARGIN = 0.15


def recognize_choice(
    answer: str, offered: Sequence[Choice], language: str = DEFAULT_LANGUAGE
) -> Choice | None:
    """Return the choice that `answer` names by payload, number or label, also with a typo; None in doubt."""
    answer = answer.strip()
    if not offered or not answer or len(answer) > _MAX_ANSWER_LENGTH:
        return None
    for choice in offered:
        if answer == choice.payload:
            return choice
    # beside a number or a label a thumb is not a yes: “2 👍”
    answer = _AFFIRMATIVE_SIGNS.sub("", answer).strip() or answer
    lexicon, tokens = lexicon_for(language), tokenize(answer)
    position = _parse_position(answer, tokens, lexicon) or _position_from_end(tokens, len(offered), lexicon)
    if position is not None:
        is_told = 1 <= position <= len(offered) and not _is_in_other_label(position, offered)
        return offered[position - 1] if is_told else None
    chosen = _match_label(tokens, offered, lexicon)
    if chosen and (
        _is_other_answer(chosen.label, answer, language)
        or _is_reserved(chosen.label, answer, language)
        or _says_something_else(chosen.label, answer, language)
        or _is_modified(chosen.label, answer, language)
        or mask_reports(answer, language) != answer
        or (says_missing(answer, language) and not says_missing(chosen.label, language))
    ):
        return None
    return chosen or _match_foreign_position(tokens, offered)


def _is_in_other_label(position: int, offered: Sequence[Choice]) -> bool:
    """Return whether a number may be a part of another label: “2” with the labels 1A, 1B, 2A, 2B."""
    numbers = [re.findall(r"\d+", choice.label) for choice in offered]
    return any(str(position) in each for at, each in enumerate(numbers, 1) if at != position)


def _is_other_answer(label: str, answer: str, language: str) -> bool:
    """Return whether a label that is a yes or a no stands in an answer that is another: “no sé”."""
    agreed = recognize_confirmation(label, language)
    return agreed is not None and recognize_confirmation(answer, language) is not agreed


def _says_something_else(label: str, answer: str, language: str) -> bool:
    """Return whether an answer only contains words of a label: “what is large?”, “claro” for “azul claro”."""
    words, own = tokenize(answer), tokenize(label)
    if set(words) == set(own):
        return False
    lexicon, answers = lexicon_for(language), answer_vocabulary(language).answers
    beside = set(own) - answers - lexicon.fillers - lexicon.clauses.consent_companions
    if answers.issuperset(words) and beside and own[0] not in answers:
        return True
    is_asked = len(words) > len(own) and asks_back(answer, language)
    return is_asked and not clause_patterns(lexicon).request.match(" ".join(words))


def _is_modified(label: str, answer: str, language: str) -> bool:
    """Return whether words make a label another one (“very large”), or one is another (“larger”)."""
    words, own = tokenize(answer), tokenize(label)
    if find_phrase(own, words) >= 0:
        parts = map(tokenize, split_at_marks(answer))
        return any(
            at >= 0 and is_modified_name(part, range(at, at + len(own)), language, frozenset(own))
            for part in parts
            for at in (find_phrase(own, part),)
        )
    return any(
        is_shaded(name, language) and word.startswith(name) and not is_same_shade(name, word, language)
        for name in own
        for word in words
    )


def _is_reserved(label: str, answer: str, language: str) -> bool:
    """Return whether a yes or a no is only asked for, or given under a condition: “yes?”, “yes if I can”.

    A yes needs a text that says nothing else: “ja, wo ist das” has no word but fillers, and asks something.
    """
    agreed = recognize_confirmation(label, language)
    if agreed is None:
        return False
    if is_reserved(answer, language) and not is_reserved(label, language):
        return True
    own = tokenize(label)
    return agreed and tokenize(answer) != own and not is_unreserved_yes(answer, language, own)


def recognize_choice_label(
    answer: str, offered: Sequence[Choice], language: str = DEFAULT_LANGUAGE
) -> Choice | None:
    """Return the choice that `answer` names by its label, for a list that nobody was shown."""
    if len(answer) > _MAX_ANSWER_LENGTH:
        return None
    chosen = _match_label(tokenize(answer), offered, lexicon_for(language))
    return None if chosen and _is_modified(chosen.label, answer, language) else chosen


def _match_label(tokens: tuple[str, ...], offered: Sequence[Choice], lexicon: Lexicon) -> Choice | None:
    fillers = lexicon.fillers
    return (
        _match_complete_label(tokens, offered, fillers)
        or _match_partial_label(tokens, offered, fillers)
        or _match_fuzzy_label(tokens, offered, fillers)
    )


def _parse_position(answer: str, tokens: tuple[str, ...], lexicon: Lexicon) -> int | None:
    if match := _position_pattern(lexicon).fullmatch(normalize(answer)):
        return int(match[1])
    numbers = lexicon.numbers
    if not numbers.having_words.isdisjoint(tokens):
        return None  # “I have two” counts something
    content = [word for word in tokens if word not in lexicon.fillers and word not in numbers.choice_words]
    if len(content) > 1 and content[-1] in numbers.choice_pronouns:  # “the second one”
        content = content[:-1]
    if len(content) != 1:
        return None
    if content[0].isdecimal():
        return int(content[0]) if len(content[0]) <= 2 else None
    if match := _ORDINAL.fullmatch(content[0]):
        return int(match[1])
    return numbers.positions.get(content[0])


def _position_from_end(tokens: tuple[str, ...], count: int, lexicon: Lexicon) -> int | None:
    """Return the position that “the last one” or “second to last” has in a list."""
    numbers = lexicon.numbers
    words = tuple(word for word in tokens if word not in numbers.choice_pronouns)
    empty = lexicon.fillers | lexicon.thanks | {word for each in lexicon.politeness for word in each.split()}
    for back, phrases in enumerate((numbers.last_phrases, numbers.next_to_last_phrases)):
        for phrase in map(tokenize, phrases):
            at = find_phrase(phrase, words)
            if at >= 0 and empty.issuperset(words[:at] + words[at + len(phrase) :]):
                return count - back if count > back else None
    return None


_ALL_POSITIONS = {
    word: position
    for pack in reversed(list(PACK_LEXICONS.values()))
    for word, position in pack.numbers.positions.items()
}


def _match_foreign_position(tokens: tuple[str, ...], offered: Sequence[Choice]) -> Choice | None:
    """Match a number word of any language: people may answer a list in their own."""
    position = _ALL_POSITIONS.get(tokens[0]) if len(tokens) == 1 else None
    return offered[position - 1] if position and position <= len(offered) else None


@cache
def _position_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    words = one_of(lexicon.numbers.choice_words | lexicon.numbers.choice_abbreviations)
    return re.compile(rf"(?:{words}|#)?[\s.#]*\(?(\d{{1,2}})[\s.):]*")


def _match_complete_label(
    tokens: tuple[str, ...], offered: Sequence[Choice], fillers: frozenset[str]
) -> Choice | None:
    """Match the complete label, alone or among fillers."""
    squeezed_words = tuple(squeeze_repeats(word) for word in tokens)
    hits = []
    for choice in offered:
        label = tuple(squeeze_repeats(word) for word in tokenize(choice.label))
        start = find_phrase(label, squeezed_words) if label else -1
        if start < 0:
            continue
        rest = tokens[:start] + tokens[start + len(label) :]
        if all(word in fillers for word in rest):
            hits.append(choice)
    return hits[0] if len(hits) == 1 else None


def _match_partial_label(
    tokens: tuple[str, ...], offered: Sequence[Choice], fillers: frozenset[str]
) -> Choice | None:
    """Match `hours` to “Opening hours”, when no other label has that word."""
    words = [word for word in tokens if word not in fillers and len(word) >= 4]
    content = set(words)
    if (
        not content
        or len(content) < len(words)
        or any(word not in fillers and word not in content for word in tokens)
    ):
        return None
    hits = [choice for choice in offered if content <= set(tokenize(choice.label))]
    return hits[0] if len(hits) == 1 else None


def _match_fuzzy_label(
    tokens: tuple[str, ...], offered: Sequence[Choice], fillers: frozenset[str]
) -> Choice | None:
    content = [word for word in tokens if word not in fillers]
    if any(map(str.isdigit, "".join(tokens))):
        return None  # an amount beside a label is more than the choice
    typed, scored = " ".join(content or tokens), []
    for choice in offered:
        label = " ".join(word for word in tokenize(choice.label) if word not in fillers)
        if len(label) >= 4:
            scored.append((OSA.normalized_similarity(typed, label), choice))
    scored.sort(key=lambda pair: pair[0], reverse=True)
    if not scored or scored[0][0] < _MIN_SIMILARITY:
        return None
    if len(scored) > 1 and scored[0][0] - scored[1][0] < _MIN_SIMILARITY_MARGIN:
        return None
    return scored[0][1]


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _position_pattern(_lexicon)
