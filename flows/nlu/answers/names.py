"""Reads names as answers, without introductions (“my name is”), and rejects look-alikes."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from flows.locales import ALL_LEXICONS, DEFAULT_LANGUAGE, Lexicon, lexicon_for
from flows.nlu.answers.open_answers import says_nothing
from flows.nlu.confirmation import answer_vocabulary, negates_other_words
from flows.nlu.short_answers import is_ignorant, is_indifferent
from flows.nlu.words.patterns import any_pattern, one_of
from flows.text import normalize, original_position, tokenize

_MAX_NAME_WORDS, _MAX_PROPER_WORDS, _MAX_COMMON_WORDS = 6, 4, 1
_MAX_COMMON_OF_OTHERS = 2
_EDGE_MARKS = " \t\n.,;:!-–—\"“”'’()"


def asks_for_name(words: frozenset[str], language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a question with these words asks for a person's name, and for nothing else."""
    names = lexicon_for(language).names
    return not names.name_words.isdisjoint(words) and names.other_name_words.isdisjoint(words)


def is_unlikely_name(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether an answer to a question for a name is a statement: “it's a dog”, “none yet”."""
    lexicon, words = lexicon_for(language), tokenize(text)
    if _is_proper(text):
        return False
    articles = {word for word, count in lexicon.dates.counts.items() if count == 1}
    written = [normalize(word) for word in text.split() if word[0].islower()]
    first = next((word for word in written if word not in lexicon.fillers - articles), "")
    is_zero = _answers_zero(words, lexicon)
    return (
        is_zero
        or first in articles
        or (words[:1] and words[0] in lexicon.question_words)
        or not lexicon.names.complaint_words.isdisjoint(words)
        or any(negates_other_words(word, language) for word in words)
        or sum(word in _common_words(lexicon, language) for word in words) > _MAX_COMMON_OF_OTHERS
    )


def _answers_zero(words: tuple[str, ...], lexicon: Lexicon) -> bool:
    return any(
        amount == 0 and words == tokenize(phrase) for phrase, amount in lexicon.short_answers.amounts.items()
    )


def read_name(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the name that a text is or introduces; empty when it is unlikely to be one."""
    lexicon = lexicon_for(language)
    if introduced := _find_later_introduction(text, lexicon):
        return introduced
    name = _without_introduction(text, lexicon)
    words = tokenize(name)
    if _states_condition(text, name, lexicon) or _follows_answer(text, name, lexicon):
        return ""
    if not 0 < len(words) <= _MAX_NAME_WORDS or any(map(_is_mostly_number, name.split())):
        return ""
    if is_ignorant(text, language) or is_indifferent(text, language) or says_nothing(text, language):
        return ""
    if is_unlikely_name(name, language):
        return ""
    if lexicon.numbers.by_name.keys() >= set(words):
        return ""  # “one”
    inner = words[1:-1] if _is_proper(name) else ()  # “Los Sin Frenos”
    outer = words[:1] + words[-1:] if _is_proper(name) else words
    if any(negates_other_words(word, language) for word in outer):
        return ""
    if any(word in lexicon.answers.no for word in (*outer, *inner)):
        return ""
    if without_naming(text, language) != text:
        return name
    family, _, full = name.partition(",")
    if full and tokenize(family) == tokenize(full)[-len(tokenize(family)) :]:  # “Bond, James Bond”
        return full.strip()
    if full and _is_proper(family) and len(tokenize(family)) > 1 and _is_apposition(full, lexicon):
        return family.strip()  # “Henrik Voss, from the workshop”
    is_proper = _is_proper(name) or _is_of_proper(name, lexicon)
    common = sum(word in _common_words(lexicon, language) for word in words)
    if not is_proper and not lexicon.answers.generic.isdisjoint(words):
        return ""  # “a question”
    return name if (is_proper and len(words) > 1) or common <= min(_MAX_COMMON_WORDS, len(words) - 1) else ""


def _states_condition(text: str, name: str, lexicon: Lexicon) -> bool:
    """Return whether a text tells how or what somebody is, or what they have done: “my husband booked it”."""
    words, names = tokenize(name), lexicon.names
    if not names.state_words.isdisjoint(words):
        return len(words) == 1 or not _is_proper(name)
    if _no_name_pattern(lexicon).match(" ".join((*tokenize(text), ""))):
        return True
    if len(words) < 2 or any(letter.isupper() for letter in name):
        return False
    is_owned = words[-1] in names.relatives and words[-2] in names.owners
    return is_owned or words[0] in lexicon.dates.articles or words[-1] in lexicon.fillers


def _follows_answer(text: str, name: str, lexicon: Lexicon) -> bool:
    """Return whether words without a capital letter only go on after a yes or a no: “yes, we all swim”."""
    if any(letter.isupper() for letter in name):
        return False
    words = tokenize(text)
    answers = lexicon.answers.yes | lexicon.answers.no
    at = next((at for at, word in enumerate(words) if word not in answers), 0)
    rest = " ".join((*words[at:], ""))
    return at > 0 and not _own_introduction(lexicon).match(rest)


@cache
def _own_introduction(lexicon: Lexicon) -> re.Pattern[str]:
    """Return the pattern of phrases that introduce only names: “my name is”, “soy”."""
    long = [phrase for phrase in lexicon.names.name_introductions if " " in phrase]
    return re.compile(rf"{one_of((*long, *lexicon.names.sure_introductions))} ")


@cache
def _no_name_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"{one_of(lexicon.names.no_name_starts)} ")


def _find_later_introduction(text: str, lexicon: Lexicon) -> str:
    """Return the name that only the last part of a text introduces: “mine, of course. I'm Paco Luna”."""
    *before, last = re.split(r"[.,;!]+\s+", text.strip())
    name = _without_introduction(last, lexicon) if before else ""
    return name if name != last.strip(_EDGE_MARKS) and _is_proper(name) else ""


def _is_proper(name: str) -> bool:
    """Return whether each word of a name has a capital letter, and there are few."""
    parts = re.findall(r"\w+", name)
    return 0 < len(parts) <= _MAX_PROPER_WORDS and all(part[0].isupper() for part in parts)


def _is_of_proper(name: str, lexicon: Lexicon) -> bool:
    """Return whether people are named by their relation to a name: “the family of Geoff Pym”."""
    names = lexicon.names
    common = names.relatives | names.owners | {*lexicon.dates.articles, *lexicon.dates.particles}
    plain = [part for part in re.findall(r"\w+", name) if not part[0].isupper()]
    return len(plain) < len(name.split()) and all(normalize(part) in common for part in plain)


def _is_apposition(text: str, lexicon: Lexicon) -> bool:
    """Return whether words behind a name say where its owner belongs, and no more."""
    words = tokenize(text)
    is_short = 1 < len(words) <= _MAX_PROPER_WORDS + 1 and not any(map(str.isdigit, text))
    return is_short and words[0] in lexicon.names.belonging_words


def asks_for_any_name(words: frozenset[str], language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether a question with these words asks for a name, also of an animal or a company."""
    return not lexicon_for(language).names.name_words.isdisjoint(words)


def without_naming(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the text without what says that it is a name: “Biscuit” of “she's called Biscuit”."""
    return _strip(text, *_naming_patterns(lexicon_for(language))) or text


def _without_introduction(text: str, lexicon: Lexicon) -> str:
    return _strip(text, *_introduction(lexicon))


def _strip(text: str, introduction: re.Pattern[str], ending: re.Pattern[str]) -> str:
    text = "".join(" " if _is_pictograph(letter) else letter for letter in text).strip(_EDGE_MARKS)
    while text and (match := introduction.match(normalize(text))):
        text = text[original_position(text, match.end()) :].strip(_EDGE_MARKS)
    while text and (match := ending.search(normalize(text))):
        text = text[: original_position(text, match.start())].strip(_EDGE_MARKS)
    return text


def _is_mostly_number(word: str) -> bool:
    """Return whether a word begins with a digit or has more digits than letters: no name, unlike “R2D2”."""
    digits = sum(map(str.isdigit, word))
    return word[0].isdigit() or digits > sum(map(str.isalpha, word))


def _is_pictograph(letter: str) -> bool:
    """Return whether a character is an emoji or joins or colours one."""
    if letter in "\ufe0f\u200c":  # the second one is spelling in Persian
        return letter == "\ufe0f"
    category = unicodedata.category(letter)
    return category in ("So", "Cf") or (category == "Sk" and not letter.isascii())


@cache
def _introduction(lexicon: Lexicon) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of what stands before a name, and of what follows it."""
    naming, naming_end = _naming_patterns(lexicon)
    owners, people = one_of(lexicon.names.owners), one_of(lexicon.names.relatives)
    relation = rf"(?:\w+\s+)?{owners}\s+{people}[\s,:-]+(?=\w)|{people}[,:]\s*(?=\w)"  # “my father, Al Ray”
    words = (
        *lexicon.names.name_introductions, *lexicon.greetings,
        *lexicon.correction_words - lexicon.fillers - lexicon.negations - lexicon.answers.no,
        *lexicon.answers.yes, *lexicon.answers.correct, *lexicon.answers.emphatic_yes, *lexicon.politeness,
    )  # fmt: skip
    endings = (*lexicon.thanks, *lexicon.politeness, *lexicon.names.name_endings)
    return (
        re.compile(
            rf"{relation}|{naming.pattern}|{one_of(words)}(?:[\s,.:;!-]+|$)|{one_of(lexicon.answers.no)}[,.:;!-]+\s*"
        ),
        re.compile(rf"{naming_end.pattern}|(?:^|[\s,.:;!-]+){one_of(endings)}$"),
    )


@cache
def _naming_patterns(lexicon: Lexicon) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of the statements before and behind a name."""
    names = lexicon.names
    return (
        re.compile(rf"{any_pattern(names.naming_patterns)}[\s,.:;!-]+"),
        re.compile(rf"[\s,.:;!-]+{any_pattern(names.naming_end_patterns)}$"),
    )


@cache
def _common_words(lexicon: Lexicon, language: str) -> frozenset[str]:
    """Return the words that are seldom part of a name."""
    clauses = lexicon.clauses
    reserving = frozenset(word for phrase in clauses.reservations for word in phrase.split())
    common = lexicon.fillers | lexicon.question_words | lexicon.correction_words | lexicon.thanks
    more = clauses.consent_companions | clauses.value_companions | answer_vocabulary(language).answers
    return common | more | reserving | lexicon.names.name_words


for _lexicon in ALL_LEXICONS:  # at import, or a worker that forks per job compiles them in each
    _introduction(_lexicon)
    _no_name_pattern(_lexicon)
    _own_introduction(_lexicon)
