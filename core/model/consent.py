"""Consent of a contact to get messages (guarantee L13)."""

from __future__ import annotations

from enum import StrEnum


class OptOutScope(StrEnum):
    """Which messages an opt-out stops."""

    ALL = "all"
    """Everything: the bot's answers, proactive messages and agents' messages."""
    MARKETING = "marketing"
    """Proactive messages; the contact's own questions are still answered."""


class ConsentRequest(StrEnum):
    """Request of a contact that is the whole message."""

    OPT_OUT = "opt_out"
    MARKETING_OPT_OUT = "marketing_opt_out"
    OPT_IN = "opt_in"
