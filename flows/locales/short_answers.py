"""Phrases that are an answer only where they are all that is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class ShortAnswers:
    """A language's complete answers without a yes, a no or a number of their own."""

    yes: tuple[str, ...] = ()
    """Answers that are a yes (“I do”)."""
    no: tuple[str, ...] = ()
    """Answers that are a no (“not really”)."""
    amounts: Mapping[str, int] = field(default_factory=dict)
    """Answers to a question for a number (“none”, “a couple”)."""
    courtesies: tuple[str, ...] = ()
    """Words and phrases of praise and goodbye (“well done”, “see you”): a remark, where nothing is wished."""
    tags: tuple[str, ...] = ()
    """Words behind an answer that ask whether it is one (“no, right?”)."""
    ignorance: tuple[str, ...] = ()
    """Phrases of a user who does not know the answer (“no idea”)."""
    indifference: tuple[str, ...] = ()
    """Phrases of a user who leaves the answer to others (“whatever”)."""
    untold_patterns: tuple[str, ...] = ()
    """Patterns of a user who does not want to tell (“I'd rather not say”), without accents."""
    skip_patterns: tuple[str, ...] = ()
    """Patterns of a user who wants to go on without an answer (“skip it”), without accents."""
