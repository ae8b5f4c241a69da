"""Protocols that other packages implement: channel, dialog, mailbox, media, HTTP fetch, session store."""

from __future__ import annotations

from core.ports.channel import (
    Capabilities,
    Channel,
    ContinuesSessions,
    EnrichesTurns,
    HandlesInteractions,
    Http,
    NeedsDependencies,
    RateLimit,
    SendsVoiceNotes,
    SharesApp,
    Webhook,
    WebhookResponse,
)
from core.ports.dialog import Dialog, ErrorMessages, State, TurnListener, TurnOutcome
from core.ports.http_fetch import FetchError, HttpFetcher, HttpRequest, HttpResponse, ResponseTooLarge
from core.ports.mailbox import (
    AcceptResult,
    Claim,
    Commit,
    Inbox,
    Lease,
    Mailbox,
    SendFailure,
    SendMark,
    SendPermit,
    SessionView,
)
from core.ports.media import (
    FILE_TIMEOUT_SECONDS,
    MAX_FILE_BYTES,
    HostsMedia,
    MediaErrorKind,
    MediaFile,
    MediaUnavailable,
)
from core.ports.session_store import HeldSession, SessionStore

__all__ = [
    "FILE_TIMEOUT_SECONDS",
    "MAX_FILE_BYTES",
    "AcceptResult",
    "Capabilities",
    "Channel",
    "Claim",
    "Commit",
    "ContinuesSessions",
    "Dialog",
    "EnrichesTurns",
    "ErrorMessages",
    "FetchError",
    "HandlesInteractions",
    "HeldSession",
    "HostsMedia",
    "Http",
    "HttpFetcher",
    "HttpRequest",
    "HttpResponse",
    "Inbox",
    "Lease",
    "Mailbox",
    "MediaErrorKind",
    "MediaFile",
    "MediaUnavailable",
    "NeedsDependencies",
    "RateLimit",
    "ResponseTooLarge",
    "SendFailure",
    "SendMark",
    "SendPermit",
    "SendsVoiceNotes",
    "SessionStore",
    "SessionView",
    "SharesApp",
    "State",
    "TurnListener",
    "TurnOutcome",
    "Webhook",
    "WebhookResponse",
]
