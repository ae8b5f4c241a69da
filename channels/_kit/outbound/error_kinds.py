"""What a provider's error codes mean to us."""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    """What an error code of a provider means for what happens next."""

    RETRY = "retry"
    """Trouble on the way; the same may succeed soon."""
    LATER = "later"
    """A limit or a full queue; the same may succeed after minutes or the next day."""
    ADDRESS = "address"
    """This person cannot be reached at this address."""
    CONTENT = "content"
    """This content will never be taken."""
    ACCOUNT = "account"
    """Ours to repair: credentials, sender, registration, template, configuration."""
    OPTED_OUT = "opted_out"
    """The person refused all messages, until they take that back."""
    WINDOW = "window"
    """Too long after their last message; only an approved template would be taken."""
    UNKNOWN = "unknown"
    """A code that is not in the table."""
