"""Response bodies of the HTTP API."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from core.model import FrozenModel, OptOutScope
from gateway.redis.records.sessions.log.message_timeline import MessageOutcome


class MessageView(FrozenModel):
    """One message as a client shows it. `text` is CommonMark."""

    text: str
    choices: tuple[dict[str, str], ...] = ()
    media: tuple[dict[str, str], ...] = ()


class OptOutAnswer(BaseModel):
    """The contact's sessions, and whether they are opted out now."""

    opted_out: bool
    scope: OptOutScope
    sessions: list[str]


class TurnAnswer(BaseModel):
    """The answer. `reply` is its full text; `messages` also has choices and media."""

    reply: str
    messages: tuple[MessageView, ...]
    session_id: str
    message_id: str
    outcome: str


class SessionAnswer(BaseModel):
    """A session and its token, valid for `expires_in` seconds; `user_id` is empty for a visitor."""

    session_id: str
    token: str
    expires_in: int
    user_id: str = ""


class PendingAnswer(BaseModel):
    """The message is stored, but not answered yet; poll the URL in `Location`."""

    status: str
    message_id: str
    session_id: str


class ResetAnswer(BaseModel):
    """The restarted conversation: deleted data, and data that is kept."""

    reset: str
    deleted: tuple[str, ...] = ("dialog state", "unsent replies of the bot", "held replies", "timers")
    kept: tuple[str, ...] = ("log", "scheduled messages", "opt-out")


class ExportAnswer(BaseModel):
    """Stored data of a contact: the sessions with all their parts, and other records by kind."""

    contact: str
    identifiers: list[str]
    sessions: list[dict[str, Any]]
    records: dict[str, list[Any]]
    kept_opt_outs: dict[str, str]


class ErasureAnswer(BaseModel):
    """Removed items by kind, and the state of the server's files."""

    sessions: int
    removed: dict[str, int]
    opt_outs_kept: int
    files: dict[str, str]


class RedactionAnswer(BaseModel):
    """Sessions from which the text of a message was deleted, and the number of changed records."""

    sessions: list[str]
    records: int


class HistoryAnswer(BaseModel):
    """The latest messages, oldest first; each is `from` the contact (`person`), the bot or an agent.

    `id` is the message ID of a contact's message. `cursor` is for the next request. `messages` is null if
    nothing has changed since the cursor `after` of the request.
    """

    messages: list[dict[str, Any]] | None
    cursor: str


class MessageAnswer(BaseModel):
    """First outcome of a proactive message. A repetition gets the outcome of the first one.

    `key` is its name in the log. `reason` and `code` explain why it was refused, failed or is waiting.
    `send_at` is the UTC time of a scheduled message.
    """

    session: str
    key: str
    message_id: str
    outcome: MessageOutcome
    reason: str = ""
    code: str = ""
    send_at: str = ""


class PartAnswer(BaseModel):
    """One part of a message that was split to the limits of its channel."""

    key: str
    outcome: MessageOutcome
    provider_id: str = ""
    reason: str = ""
    code: str = ""


class MessageOutcomeAnswer(MessageAnswer):
    """Current outcome of a proactive message and of each of its parts."""

    parts: tuple[PartAnswer, ...] = ()


class ErrorDetail(BaseModel):
    """A fixed code and a readable sentence."""

    code: str
    message: str


class ErrorAnswer(BaseModel):
    """Body of every error response."""

    error: ErrorDetail
