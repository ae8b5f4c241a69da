"""Errors of the gateway, sorted by what the caller can do next.

GatewayError
├── WebhookRefused      a webhook that is not accepted; carries the HTTP status of the response
│   ├── InvalidSignature     401  not from the provider, or not provably so
│   ├── Forbidden            403  a handshake with another verify token than the configured one
│   ├── MalformedWebhook     400  it cannot be parsed, verified or not
│   └── WebhookTooLarge      413  more bytes or fields than the provider ever sends
├── DeliveryError       the provider did not accept a reply
│   ├── Rejected             permanent: invalid number, opted out, revoked key; never retried
│   ├── Unavailable          temporary: 5xx, no connection; carries retry_after
│   │   └── Throttled            a rate limit: 429; the account works, and sends too fast
│   └── Unknown              timed out after sending; looked up before it is sent again
├── InvalidContact      a number or address that cannot be written to; the message is for the caller
├── LeaseLost           another worker holds the session now; stop without writing or sending
├── Superseded          a newer message arrived in time to be answered together with this turn
├── SessionBusy         another holder kept the session locked for longer than the wait
├── MailboxFull         the session has its maximum of waiting turns; the provider shall retry
├── StorageUnavailable  the store cannot be written; nothing was accepted
└── ConfigurationError  the operator must act; the message names the setting
    └── EncryptionKeyMissing   a stored value cannot be decrypted; it waits for the operator
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from core.model import FailureKind

_MAX_CAUSES: Final = 8


class GatewayError(Exception):
    """Base class of all errors that the gateway raises deliberately."""


class WebhookRefused(GatewayError):
    """A webhook that is not accepted. `reason` is for the operator and is never sent to the caller."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidSignature(WebhookRefused):
    """The request is not provably from the provider."""

    status = 401
    code = "bad_signature"


class Forbidden(WebhookRefused):
    """A handshake without the configured verify token."""

    status = 403
    code = "forbidden"


class MalformedWebhook(WebhookRefused):
    """The request cannot be parsed as a webhook of the provider."""

    status = 400
    code = "malformed"


class WebhookTooLarge(WebhookRefused):
    """The request has more bytes or fields than are read before verification."""

    status = 413
    code = "too_large"


class DeliveryError(GatewayError):
    """The provider did not accept a reply. `code` is the provider's error code, as text."""

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Rejected(DeliveryError):
    """Permanent failure: the reply is recorded and not retried.

    `failure` is its class. One of the account (`FailureKind.ACCOUNT`) fails every send until the operator has
    acted, so the reply waits for that. `taken_over`: an agent has the conversation, so the bot is silent;
    nothing is lost.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: str = "",
        failure: FailureKind = FailureKind.PERMANENT,
        taken_over: bool = False,
    ) -> None:
        super().__init__(reason, code=code)
        self.failure = failure
        self.taken_over = taken_over


class Unavailable(DeliveryError):
    """Temporary failure: the provider did not process the reply.

    `retry_after` are the seconds that the provider asks to wait. `one_contact`: only this contact's replies
    must wait, so it says nothing about the account.
    """

    def __init__(
        self, reason: str, *, code: str = "", retry_after: float | None = None, one_contact: bool = False
    ) -> None:
        super().__init__(reason, code=code)
        self.retry_after = retry_after
        self.one_contact = one_contact


class Throttled(Unavailable):
    """Temporary failure: the account, or with `one_number` the sender's number, is over a rate limit.

    Nothing is wrong with the account, so its sends only pause, for `retry_after` seconds or for a moment.
    """

    def __init__(
        self, reason: str, *, code: str = "", retry_after: float | None = None, one_number: bool = False
    ) -> None:
        super().__init__(reason, code=code, retry_after=retry_after)
        self.one_number = one_number


class Unknown(DeliveryError):
    """Unknown outcome: the reply may have been accepted; it is looked up before it is sent again.

    `retry_after` are the seconds that the provider asks to wait. `is_accepted`: the API said so, but not
    under which ID, so that each further send is most likely a copy.
    """

    def __init__(
        self, reason: str, *, code: str = "", retry_after: float | None = None, is_accepted: bool = False
    ) -> None:
        super().__init__(reason, code=code)
        self.retry_after = retry_after
        self.is_accepted = is_accepted


class InvalidContact(GatewayError):
    """A contact cannot be written to under this number, address or ID. `str()` says why, for the caller."""


class LeaseLost(GatewayError):
    """The fencing token is not the newest any more: another worker holds the session."""


class Superseded(GatewayError):
    """The turn restarts, merged with a message that arrived before its commit barrier."""


class SessionBusy(GatewayError):
    """The session is locked by another holder; try again."""


class MailboxFull(GatewayError):
    """The session's mailbox is at its limit, so the request was not accepted."""


class StorageUnavailable(GatewayError):
    """The store could not record the request; nothing of it may be acknowledged."""


class ConfigurationError(GatewayError):
    """A setting is missing, incomplete or invalid; the message names it and says what to do."""


class EncryptionKeyMissing(ConfigurationError):
    """A stored value cannot be decrypted with the keys that are set. It stays as it is until they are."""


def iterate_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, up to a bound: clients wrap the errors of the operating system."""
    cause: BaseException | None = error
    for _ in range(_MAX_CAUSES):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__
