"""Classification of providers' error codes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from core.model import FailureKind


class ErrorKind(StrEnum):
    """Meaning of a provider's error code for what happens next."""

    RETRY = "retry"
    """Temporary failure; the same request may succeed soon."""
    LATER = "later"
    """Rate limit or full queue; the same request may succeed after minutes or the next day."""
    ADDRESS = "address"
    """The contact cannot be reached at this address."""
    LANDLINE = "landline"
    """The number is a landline, or its network takes no messages."""
    BLOCKED = "blocked"
    """A carrier, the provider or the contact blocks this sender's messages."""
    CONTENT = "content"
    """The content will never be accepted."""
    ACCOUNT = "account"
    """The operator must act: credentials, sender, registration, template, configuration."""
    OPTED_OUT = "opted_out"
    """The contact opted out of all messages."""
    OPTED_OUT_OF_MARKETING = "opted_out_of_marketing"
    """The contact opted out of marketing messages."""
    WINDOW = "window"
    """The service window is closed; only an approved template would be accepted."""
    UNKNOWN = "unknown"
    """The code is not in the table."""

    @property
    def failure(self) -> FailureKind:
        """Return the class of a failed delivery with this code; an unknown one is not repeated blindly."""
        return _FAILURES.get(self, FailureKind.PERMANENT)


_FAILURES: Final[Mapping[ErrorKind, FailureKind]] = MappingProxyType(
    {
        ErrorKind.RETRY: FailureKind.TEMPORARY,
        ErrorKind.LATER: FailureKind.TEMPORARY,
        ErrorKind.ADDRESS: FailureKind.UNREACHABLE,
        ErrorKind.LANDLINE: FailureKind.LANDLINE,
        ErrorKind.BLOCKED: FailureKind.BLOCKED,
        ErrorKind.ACCOUNT: FailureKind.ACCOUNT,
        ErrorKind.OPTED_OUT: FailureKind.OPTED_OUT,
        ErrorKind.OPTED_OUT_OF_MARKETING: FailureKind.OPTED_OUT_OF_MARKETING,
        ErrorKind.WINDOW: FailureKind.WINDOW,
    }
)
