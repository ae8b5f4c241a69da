"""A pack's words that make the name of a choice another one: “dark blue”, “extra large”."""

from __future__ import annotations

from dataclasses import dataclass

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceWords:
    """Words beside the name of a choice by which something else is meant."""

    colours: Words
    """Adjectives of colour. An unknown word or another colour beside one makes it another (“navy blue”)."""
    sizes: Words
    strengths: Words
    """Adjectives of size, and of strength and taste, which are made others in the same way."""
    degrees: Words
    """Words before any name that make it another one (“extra”, “almost”)."""
    degree_links: Words
    """Words between a degree and a name (“doppelt *so* groß”)."""
    companions: Words
    """Words that may stand beside an adjective without changing it, in addition to those of other values."""
    comparisons_before: Phrases
    """Patterns of words before a name by which something is only compared with it (“than the”)."""
    comparisons_behind: Phrases
    """Patterns of words behind a name by which it is only compared (“than”)."""
    missing_patterns: tuple[str, ...] = ()
    """Patterns of a clause that says that what it names is gone, or there already (“my card was stolen”)."""
    joined_prefixes: Words = frozenset()
    """Beginnings of a joined word that make its last part another one (“Geschenkkarte”)."""
    is_shaded_behind: bool = False
    """True if the word that changes an adjective follows it (“azul oscuro”)."""
