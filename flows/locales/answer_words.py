"""A pack's words of a yes or a no."""

from __future__ import annotations

from dataclasses import dataclass

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class AnswerWords:
    """Words of a yes or a no."""

    yes: Words
    """Words that are a yes and nothing else."""
    no: Words
    correct: Words
    """Words that agree, but have other meanings too; negated they are a no."""
    emphatic_yes: Words
    incorrect: Words
    intensifiers: Words
    """Words between a negation and what it negates (“not quite right”)."""
    yes_phrases: Phrases
    no_phrases: Phrases
    doubt_phrases: Phrases
    neutral_phrases: Phrases = ()
    """Phrases whose words would be taken for an answer, but are none (“right now”)."""
    negating_no: Words = frozenset()
    """Words for no that also negate what follows, as “not” does (Spanish “no es correcto”)."""
    lone_no: Words = frozenset()
    """Words for no that never negate what follows (German “nein ich meinte 6”)."""
    modal_particles: Words = frozenset()
    """Answers that say nothing inside of a clause (“das ist ja teuer”, “hab ne Frage”)."""
    yes_alone: Words = frozenset()
    """Words that are a yes only as the complete answer."""
    no_alone: Words = frozenset()
    not_yet: Phrases = ()
    """Phrases that deny what has not happened so far (“not yet”); before an act they ask to wait."""
    generic: Words = frozenset()
    """Short keywords that count as an answer only at the start of a message."""
