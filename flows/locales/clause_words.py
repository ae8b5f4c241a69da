"""A pack's words that begin, bind or reserve a clause, and those that may stand beside an answer."""

from __future__ import annotations

from dataclasses import dataclass

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class ClauseWords:
    """Words by which a message is read clause by clause."""

    clause_starts: Phrases = ()
    """Beginnings of a clause that need no punctuation before them (“I don't want that I want this”)."""
    reservations: Phrases = ()
    others_words: Phrases = ()
    """Phrases by which an answer is somebody else's (“she said yes”)."""
    """Words that begin a clause which takes something back or adds a condition (“but”, “unless”)."""
    exceptions: Phrases = ()
    """Words before a value that is left out (“any day except Monday”)."""
    replacements: Phrases = ()
    """Words before a value in whose place another one is wanted (“large instead of small”)."""
    preferences: Phrases = ()
    """Words before what is preferred, with one of `than_words` before what is not (“rather 4 than 3”)."""
    than_words: Phrases = ()
    because_words: Phrases = ()
    """Words that begin a clause which only says why."""
    conditions: Phrases = ()
    """Beginnings of a clause about what might be: behind a yes its words are no wish."""
    condition_pattern: str = ""
    """A pattern of what begins a condition where folding would hide it: “si” behind “sí”."""
    strict_conditions: Phrases = ()
    """Phrases by which a value holds only under a condition (“only if”)."""
    value_condition_patterns: tuple[str, ...] = ()
    """Patterns, on text with its accents, of any other condition of a value (“if there is one”): none that is
    mere courtesy (“if possible”), and no “whether”."""
    polite_conditions: Phrases = ()
    """Conditions that are mere courtesy, though other words of doubt are in them (“si puede ser”)."""
    hypotheses: Phrases = ()
    """Phrases of a clause about what would be (“what if”, “how much is it”)."""
    hypothetical_starts: Phrases = ()
    """Beginnings of a clause about what the user might do (“if I”)."""
    obligations: Phrases = ()
    """Phrases of a user who has to do something (“have to”)."""
    generalities: Phrases = ()
    """Phrases that make a question about a possibility one about the rules (“any time”, “later”)."""
    statements: Phrases = ()
    """Words of a clause that tells a fact: a denial in it says little about a wish (“I can't find it”)."""
    statement_patterns: tuple[str, ...] = ()
    """Patterns of beginnings that a question has too, but that begin a statement (“when I turn it on”)."""
    whether_words: Phrases = ()
    indirect_questions: Phrases = ()
    """Words before a question that is told (“I'd like to know how long it takes”)."""
    past_phrases: Phrases = ()
    """Phrases that put a clause in the past (“last time”, “we were”)."""
    past_patterns: tuple[str, ...] = ()
    """Patterns of words with spaces between them that do so."""
    past_question_words: Words = frozenset()
    """Words of a question about something that has happened."""
    said_words: Words = frozenset()
    """Words by which such a clause is about what the user wants after all (“I said 3”, “I was hoping”)."""
    saying_words: Words = frozenset()
    """Verbs by which people beside the user have said something (“says”)."""
    action_verbs: Words = frozenset()
    """Verbs of what such people do or have, which is no wish of theirs."""
    wish_verbs: Phrases = ()
    """Verbs, in the third person, by which somebody else wishes something (“my brother wants large”)."""
    third_persons: Words = frozenset()
    """Pronouns for such people."""
    particles: Words = frozenset()
    """Words that may stand anywhere in a phrase without changing it (“kann ich *da* nicht”)."""
    consent_companions: Words = frozenset()
    """Words that may stand beside a yes without changing it."""
    hesitations: Words = frozenset()
    """Companions that are no yes alone (“hm”, “my appointment”), whatever a model takes them for."""
    value_companions: Words = frozenset()
    """Words that may stand beside a value without changing it, in addition to the fillers."""
    code_companions: Words = frozenset()
    """Words that may stand beside digits that are an answer, in addition to the fillers."""
    value_links: Words = frozenset()
    """Words before a value that only link it to what stands before them (“a haircut on Friday”)."""
    value_connectors: Words = frozenset()
    """Words after a value behind which something else begins (“Friday for my son”)."""
