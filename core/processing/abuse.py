"""Limits against floods and loops of machines, for each contact and account."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from pydantic import Field

from core.model import FrozenModel, Turn

_NOT_WORDS: Final = re.compile(r"[\W\d_]+")
_BRIEF_LENGTH: Final = 12
"""Answers such as "yes" are shorter: people repeat them, an auto-responder does not write them."""


class AbuseLimits(FrozenModel, extra="forbid"):
    """Limits of what one contact may cause; 0 means without limit.

    `messages_per_minute` and `messages_per_day` of a contact are answered. After `rounds` answers to the same
    words the session is silent until there are other words. `tokens_per_day` bounds what a language model
    uses for a contact. `replies_per_hour` of the bot are sent to a contact; further ones wait. The limits of
    an account bound all of its contacts together.
    """

    messages_per_minute: int = Field(0, ge=0, le=10_000)
    messages_per_day: int = Field(0, ge=0, le=1_000_000)
    rounds: int = Field(0, ge=0, le=1_000)
    tokens_per_day: int = Field(0, ge=0, le=1_000_000_000)
    replies_per_hour: int = Field(0, ge=0, le=100_000)
    account_messages_per_day: int = Field(0, ge=0, le=1_000_000_000)
    account_tokens_per_day: int = Field(0, ge=0, le=1_000_000_000_000)

    @property
    def is_off(self) -> bool:
        """True if nothing is limited."""
        return self == AbuseLimits()


def describe_words(turn: Turn) -> str:
    """Return what identifies the words of a message, without numbers, case and punctuation.

    Empty for what no auto-responder sends: a tapped choice, a file, a brief answer.
    """
    words = _NOT_WORDS.sub(" ", turn.text).casefold().strip()
    if turn.payload or turn.attachments or turn.location or len(words) < _BRIEF_LENGTH:
        return ""
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:16]
