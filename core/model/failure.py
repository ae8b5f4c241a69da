"""Classes of failed deliveries."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """Class of a failed delivery, for answers of the API and for statuses: it decides what happens next."""

    PERMANENT = "permanent"
    """It will never be delivered: a dead letter."""
    UNREACHABLE = "unreachable"
    """Permanent: nobody is reached at this address, or not on this channel."""
    LANDLINE = "landline"
    """Permanent: the number is a landline, which takes no messages."""
    BLOCKED = "blocked"
    """Permanent: a carrier, the provider or the contact blocks messages of this sender."""
    TEMPORARY = "temporary"
    """The same reply may be delivered later: it is sent again."""
    OPTED_OUT = "opted_out"
    """The contact opted out of all messages."""
    OPTED_OUT_OF_MARKETING = "opted_out_of_marketing"
    """The contact opted out of proactive messages; answers are still delivered."""
    ACCOUNT = "account"
    """Every send of this account fails until the operator acts."""
    WINDOW = "window"
    """The service window is closed; only an approved template would be delivered."""
