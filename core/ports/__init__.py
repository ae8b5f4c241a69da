"""Protocols that other packages implement: channel, dialog, mailbox, media, HTTP fetch, session store."""

from __future__ import annotations

from core.ports.capabilities import Capabilities, RateLimit, ServiceWindow
from core.ports.channel import Channel, Http, Webhook, WebhookResponse
from core.ports.channel_extensions import (
    ContinuesSessions,
    EnrichesTurns,
    HandlesInteractions,
    HasTemplates,
    KnowsTimeZones,
    LearnsIds,
    LimitsLookUps,
    NamesThreads,
    NeedsDependencies,
    NeedsPublicFiles,
    NewConversation,
    SendsVoiceNotes,
    SharesApp,
    StartsConversations,
)
from core.ports.dialog import Dialog, ErrorMessages, Reminder, State, TurnListener, TurnOutcome
from core.ports.forwarding import Forwarder
from core.ports.http_fetch import FetchError, HttpFetcher, HttpRequest, HttpResponse, ResponseTooLarge
from core.ports.inbox import AcceptResult, Inbox
from core.ports.mailbox import Mailbox, SendFailure, SendPause, SendPermit
from core.ports.media import (
    FILE_TIMEOUT_SECONDS,
    MAX_FILE_BYTES,
    FilePublisher,
    HostsMedia,
    MediaErrorKind,
    MediaFile,
    MediaUnavailable,
)
from core.ports.session_store import HeldSession, SessionStore
from core.ports.session_view import Claim, Commit, Lease, SendMark, SessionView

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
    "FilePublisher",
    "Forwarder",
    "HandlesInteractions",
    "HasTemplates",
    "HeldSession",
    "HostsMedia",
    "Http",
    "HttpFetcher",
    "HttpRequest",
    "HttpResponse",
    "Inbox",
    "KnowsTimeZones",
    "LearnsIds",
    "Lease",
    "LimitsLookUps",
    "Mailbox",
    "MediaErrorKind",
    "MediaFile",
    "MediaUnavailable",
    "NamesThreads",
    "NeedsDependencies",
    "NeedsPublicFiles",
    "NewConversation",
    "RateLimit",
    "Reminder",
    "ResponseTooLarge",
    "SendFailure",
    "SendMark",
    "SendPause",
    "SendPermit",
    "SendsVoiceNotes",
    "ServiceWindow",
    "SessionStore",
    "SessionView",
    "SharesApp",
    "StartsConversations",
    "State",
    "TurnListener",
    "TurnOutcome",
    "Webhook",
    "WebhookResponse",
]
