"""Words of an edge's condition, in the language that its author writes: what of it a message can meet."""

from __future__ import annotations

from dataclasses import dataclass

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class ConditionWords:
    """Words by which a condition is about a yes, about a no, or about neither.

    Beginnings of words are folded, as the rest of a pack; patterns are regular expressions on folded text.
    """

    consents: Phrases
    """Beginnings of words of a condition that a yes meets (“confirm”)."""
    refusals: Phrases
    """Beginnings of words of a condition that a no meets (“declin”)."""
    denials: Words
    """Complete words of a condition that a no meets (“not”)."""
    empty_words: Words
    """Words that do not tell what a condition is about (“wants”)."""
    articles: Phrases
    """Words before the person that a condition is about."""
    refusal_patterns: tuple[str, ...] = ()
    """Other ways to say that somebody refuses."""
    ignorance_patterns: tuple[str, ...] = ()
    """Patterns of a condition about somebody who does not know or have what is asked for."""
    willing: Phrases = ()
    """Beginnings of words of a condition that a yes meets where no other evidence speaks (“ready”)."""
    any_answer_patterns: tuple[str, ...] = ()
    """Patterns of a condition that any answer meets (“the user responds”)."""
    people: Words = frozenset()
    """Words for the user."""
    closing_words: Words = frozenset()
    """Words of a condition that is met by thanks or a goodbye."""
