"""Classes of failed deliveries."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """What a failed delivery means for what happens next, in an answer of the API and in a status alike."""

    PERMANENT = "permanent"
    """It will never be delivered: a dead letter."""
    TEMPORARY = "temporary"
    """The same reply may be delivered later: it is sent again."""
    OPTED_OUT = "opted_out"
    """The contact opted out of all messages."""
    ACCOUNT = "account"
    """Every send of this account fails until the operator acts."""
    WINDOW = "window"
    """The service window is closed; only an approved template would be delivered."""
