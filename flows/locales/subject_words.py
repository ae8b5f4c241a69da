"""Words by which a clause is about something else than what was asked: “my train leaves at 5”."""

from __future__ import annotations

from dataclasses import dataclass

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class SubjectWords:
    """Words of what a clause is about, and of its verb. Patterns are regular expressions on folded words."""

    determiners: Words = frozenset()
    """Words before a certain thing or person, which may be the subject of a clause (“the”, “my”)."""
    owners: Words = frozenset()
    """Possessives among them, except those of the second person."""
    prepositions: Words = frozenset()
    """Words before such a thing by which it is no subject (“in the”)."""
    verb_patterns: tuple[str, ...] = ()
    """Verbs behind a subject in the third person."""
    inverted_verb_patterns: tuple[str, ...] = ()
    """Verbs before their subject (“um 17 Uhr geht mein Bus”)."""
    bare_verbs: Words = frozenset()
    """Verbs behind a subject without such a word before it (“school starts at 8”)."""
    answer_subjects: Words = frozenset()
    """Nouns and the like that are the subject of an answer (“the appointment should be at 5”)."""
    answer_adjectives: Words = frozenset()
    """Adjectives that are the subject of an answer where no noun follows (“the earliest is …”)."""
    speakers: Words = frozenset()
    """Subjects that stand for the writer (“I”, “we”)."""
    addressees: Words = frozenset()
    """Words of a question by which its verb is what who is asked does (“when do you arrive?”)."""
    reason_words: Phrases = ()
    """Words that begin a clause with the reason (“because”)."""
    quoting_patterns: tuple[str, ...] = ()
    """Patterns of words with spaces between by which a clause tells what another one has said."""
    quoted_starts: Words = frozenset()
    """Words that begin what another one has said (“my wife said *that* …”)."""
    passing_verbs: Phrases = ()
    changes_of_mind: Phrases = ()
    """Words by which the writer passes on what one of theirs now wants (“my wife says … after all”)."""
    inquiry_patterns: tuple[str, ...] = ()
    """Patterns of a question about something else, without its mark (“do you close at 6”)."""
    openness_words: Words = frozenset()
    """Words of a question whether a value can be had, which wishes it (“is the 5th free?”)."""
