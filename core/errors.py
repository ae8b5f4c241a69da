"""Every error of the gateway, sorted by what the caller can do next.

GatewayError
├── Refused          a webhook not to be trusted or read; carries the HTTP status to answer
│   ├── BadSignature         401  not from the provider, or it cannot be shown to be
│   ├── Forbidden            403  a handshake with another token than ours
│   ├── MalformedWebhook     400  verified or not, it cannot be read
│   └── WebhookTooLarge      413  more bytes or fields than the provider ever sends
├── DeliveryError    the provider did not take a reply
│   ├── Rejected             it never will: bad number, opted out, revoked key; never retried
│   ├── Unavailable          it may yet: 429, 5xx, no connection; carries retry_after
│   └── Unknown              nobody can tell: timed out after sending; looked up before it is tried again
├── LeaseLost        another worker holds the session now; stop without writing or sending
├── Superseded       a newer message came in time to be answered together with this turn
├── SessionBusy      somebody else holds the session for longer than was waited
├── MailboxFull      a session has more waiting turns than it may keep; the webhook is to be tried again
├── StorageUnavailable  the store cannot be written; nothing was accepted
└── Misconfigured    a person must act; the message names the setting
"""

from __future__ import annotations

from typing import ClassVar


class GatewayError(Exception):
    """The root of all errors that the gateway raises on purpose."""


class WebhookRefused(GatewayError):
    """A webhook that is not let in. `reason` is for the operator, never for the caller."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidSignature(WebhookRefused):
    """The request cannot be shown to come from the provider."""

    status = 401
    code = "bad_signature"


class Forbidden(WebhookRefused):
    """A handshake that does not know our token."""

    status = 403
    code = "forbidden"


class MalformedWebhook(WebhookRefused):
    """The request cannot be read as what the provider sends."""

    status = 400
    code = "malformed"


class WebhookTooLarge(WebhookRefused):
    """The request has more bytes or fields than are read before verification."""

    status = 413
    code = "too_large"


class DeliveryError(GatewayError):
    """The provider did not take a reply. `code` is the provider's own, as text."""

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Rejected(DeliveryError):
    """The provider will never take this reply; it is recorded and not retried.

    `opted_out` says that the person refused all messages, `account_wide` that every send of this
    account will fail until a person has acted.
    """

    def __init__(
        self, reason: str, *, code: str = "", opted_out: bool = False, account_wide: bool = False
    ) -> None:
        super().__init__(reason, code=code)
        self.opted_out = opted_out
        self.account_wide = account_wide


class Unavailable(DeliveryError):
    """The provider did not process the reply but may later. `retry_after` is in seconds."""

    def __init__(self, reason: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(reason, code=code)
        self.retry_after = retry_after


class Unknown(DeliveryError):
    """The reply may or may not have been taken; it is looked up before it is tried again."""


class LeaseLost(GatewayError):
    """The fencing token is no longer the newest: another worker holds the session."""


class Superseded(GatewayError):
    """The turn is to be begun anew, merged with a message that came before its barrier."""


class SessionBusy(GatewayError):
    """The session is being worked on by somebody else; try again."""


class MailboxFull(GatewayError):
    """The session's mailbox is at its bound, so the request was not accepted."""


class StorageUnavailable(GatewayError):
    """The store could not record the request; nothing of it may be acknowledged."""


class ConfigurationError(GatewayError):
    """A setting is missing, half set or wrong; the message names it and says what to do."""
