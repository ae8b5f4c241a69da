"""A pack's endings of words: what makes the forms of a verb and its noun alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class WordForms:
    """Endings and beginnings that a word's stem is without, folded."""

    endings: Phrases = ()
    irregular: Mapping[str, str] = field(default_factory=dict)
    """Forms with a stem of their own, and the stem of their verb."""
    participle_prefixes: Phrases = ()
    """Syllables before a verb's stem, also behind a separable prefix (“ab-ge-holt”)."""
    participle_endings: Phrases = ()
    """Endings of a verb with such a syllable."""
    doubles_consonants: bool = False
    """True if the last letter of a stem is doubled before an ending (“cancelled”)."""
    inflections: Words = frozenset()
    """Endings of a word's other forms."""
    object_endings: Words = frozenset()
    """Pronouns that are written as one word with their verb (“cancélala”)."""
    infinitive_ending: str = ""
    """The ending of verbs whose imperative is written without it (“buchen”, “buch”)."""
    verb_prefixes: Phrases = ()
    """Prefixes of verbs that stand at the end of a sentence (“trag das ein”)."""
    joins_words: bool = False
    """True if nouns are joined into one word, the last of which says what it is (“Winterreifen”)."""
