"""A pack's words of a request for a person of the business."""

from __future__ import annotations

from dataclasses import dataclass

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class HandOffWords:
    """Words of a wish to reach, or to be called by, somebody of the business."""

    people: Words = frozenset()
    """Words for somebody of the business, whom a user may ask for."""
    people_phrases: Phrases = ()
    """The same as several words (“customer service”)."""
    anybody: Words = frozenset()
    """Those of `people` that may be anybody (“someone”)."""
    contact_wishes: Phrases = ()
    """Words of a wish to reach somebody (“talk to”)."""
    contact_verbs: Phrases = ()
    """Phrases of a user who wants to be connected with somebody (“speak to”)."""
    direct_wishes: Phrases = ()
    """Words of a wish to be connected that need nobody beside them (“put me through to”)."""
    presence_patterns: tuple[str, ...] = ()
    """Patterns of the question whether a person is there, without accents."""
    help_wishes: Phrases = ()
    """Words behind a person of the business who is to help (“can a real person look into this”)."""
    callback_wishes: Phrases = ()
    """Words behind somebody who is to call (“can someone call me”)."""
    callback_leads: Words = frozenset()
    """Words before somebody who is to call, without which a fact may be told (“someone called me”)."""
    errands: Phrases = ()
    """Phrases of a user who has to ask their own people first (“I still have to”)."""
