"""A pack's words of names, addresses, places and codes, and of people beside the user."""

from __future__ import annotations

from dataclasses import dataclass

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class NameWords:
    """Words by which a name, an address, a place or a code is asked for or told."""

    name_words: Words = frozenset()
    """Words of a question for a person's name."""
    other_name_words: Words = frozenset()
    """Words by which such a question asks for more than that, or for the name of something else."""
    name_introductions: Phrases = ()
    """Words before a name (“my name is”), also of its owner (“my daughter”)."""
    sure_introductions: Words = frozenset()
    """Single words that introduce a name also behind a yes (“sí, soy Ana”)."""
    name_statements: Phrases = ()
    """Phrases before a person's own name, where nobody asked for it."""
    naming_phrases: Phrases = ()
    """Phrases between the name of something and what it is (“the street is …”)."""
    naming_patterns: Phrases = ()
    """Statements before the name of somebody or something else (“his name is”, “our dog is called”)."""
    naming_end_patterns: Phrases = ()
    """Statements behind such a name (“is what we call her”)."""
    belonging_words: Words = frozenset()
    """Words between a name and where its owner belongs (“Ann Lee, from the workshop”)."""
    name_endings: Phrases = ()
    """Words behind a name (“here”)."""
    complaint_words: Words = frozenset()
    """Words of a judgement on the conversation, which are no name (“it's complicated”)."""
    state_words: Words = frozenset()
    """Words of how or what somebody is, which are no name (“I'm busy”, “the owner”)."""
    no_name_starts: Phrases = ()
    """Beginnings of a statement in which no name stands (“tengo”)."""
    owners: Words = frozenset()
    """Words before a person or a thing of the user's (“my”)."""
    relatives: Words = frozenset()
    """People beside the user (“brother”)."""
    own_words: Words = frozenset()
    """Words for the user (“me and 2 more”)."""
    birth_words: Words = frozenset()
    """Words of a question for a day of birth, whose year cannot be guessed."""
    address_words: Words = frozenset()
    """Words of a question for an address."""
    no_address_words: Words = frozenset()
    """Words of a statement that is no address, unless there is a number in it (“you've been here before”)."""
    place_words: Words = frozenset()
    """Words of a question for a town."""
    place_introductions: Phrases = ()
    """Words before a town (“I live in”)."""
    code_words: Words = frozenset()
    """Words of a question for a code, also ends of joined words (“plate”)."""
