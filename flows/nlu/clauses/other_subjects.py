"""Clauses about something else than what was asked, or of somebody else: no value in them is an answer.

“My train leaves at 5” has a subject and a verb of its own, “you said 40” tells what another one said. A
subject that the question or the slot names, or one that answers have (“our group”), is none of them.
"""

from __future__ import annotations

from flows.locales import Lexicon, lexicon_for
from flows.nlu.clauses.subject_patterns import VERB_STEM, AskedWords, is_known_subject, subject_patterns
from flows.text import normalize, normalize_same_length, tokenize

_MAX_SUBJECT_WORDS, _MIN_SUBJECT_WORD = 6, 3

Tokens = tuple[str, ...]


def mask_other_subjects(text: str, asked: AskedWords) -> str:
    """Return the text of the same length without the clauses about something else."""
    patterns = subject_patterns(lexicon_for(asked.language))
    plain = normalize_same_length(text)
    folded = normalize(plain)
    if len(folded) != len(plain):
        return text
    ends = [match.start() for match in patterns.separator.finditer(folded)]
    masked, said, is_quoted = text, "", False
    quoted_starts = lexicon_for(asked.language).subjects.quoted_starts
    for start, end in zip([0, *ends], [*ends, len(folded)], strict=True):
        words = tokenize(folded[start:end])
        is_quoted = not quoted_starts.isdisjoint(words[:1]) and (
            is_quoted or patterns.quoting.search(said) is not None
        )
        said = f" {' '.join(words)} "
        if is_quoted or (len(words) > 1 and _is_of_other(words, asked)):
            masked = plain = f"{plain[:start]};{' ' * (end - start - 1)}{plain[end:]}"
    return masked


def _is_of_other(words: Tokens, asked: AskedWords) -> bool:
    lexicon = lexicon_for(asked.language)
    subjects = lexicon.subjects
    if not subjects.speakers.isdisjoint(words):
        return False
    spaced = f" {' '.join(words)} "
    if subject_patterns(lexicon).passed_on.search(spaced):
        return False
    if subject_patterns(lexicon).quoting.search(spaced):
        return True
    for at, word in enumerate(words):
        if word not in subjects.determiners or (at and words[at - 1] in subjects.prepositions):
            continue
        subject = _subject_at(words, at, lexicon)
        if subject and _is_unknown(subject, asked):
            return True
    return asked.takes_bare and _has_bare_subject(words, asked)


def _subject_at(words: Tokens, at: int, lexicon: Lexicon) -> Tokens:
    """Return the words from behind a determiner up to the verb, the last of them; none without a verb."""
    patterns = subject_patterns(lexicon)
    if at and patterns.inverted_verb.fullmatch(words[at - 1]):
        return (*words[at + 1 : at + 2], words[at - 1]) if words[at + 1 : at + 2] else ()
    for end in range(at + 2, min(len(words), at + 2 + _MAX_SUBJECT_WORDS)):
        if any(map(str.isdigit, words[end - 1])):
            return ()
        if patterns.verb.fullmatch(words[end]):
            return words[at + 1 : end + 1]
    return ()


def _is_unknown(subject: Tokens, asked: AskedWords) -> bool:
    """Return whether neither what was asked for nor an answer has such a subject.

    The last word is the verb. A thing or a person that another one belongs to counts for itself (“my
    appointment at the dentist”).
    """
    lexicon = lexicon_for(asked.language)
    if asked.is_own_verb and subject[-1][:VERB_STEM] in asked.stems:
        return False
    parts = [list[str]()]
    for word in subject[:-1]:
        if word in lexicon.subjects.determiners:
            parts.append([])
        else:
            parts[-1].append(word)
    adjectives = subject_patterns(lexicon).adjectives
    return any(
        not adjectives.issuperset(part) and not any(is_known_subject(word, asked) for word in part)
        for part in parts
    )


def _has_bare_subject(words: Tokens, asked: AskedWords) -> bool:
    """Return whether a clause begins with a subject without an article: “school starts at 8”."""
    lexicon = lexicon_for(asked.language)
    subjects, links = lexicon.subjects, {*lexicon.and_words, *lexicon.subjects.reason_words}
    while words and words[0] in links:
        words = words[1:]
    if not words or len(words[0]) < _MIN_SUBJECT_WORD or not words[0].isalpha():
        return False
    if words[0] in subject_patterns(lexicon).empty | subjects.prepositions | subjects.determiners:
        return False
    following = enumerate(words[1:_MAX_SUBJECT_WORDS], 1)
    at = next((at for at, word in following if word in subjects.bare_verbs), 0)
    return at > 0 and _is_unknown(words[: at + 1], asked)
