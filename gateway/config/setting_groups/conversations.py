"""Settings of the conversations: how long they last, who speaks, what may be sent when, the widget."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr

from core.model import ParticipantPolicy


class ConversationSettings(BaseModel):
    """Settings of the conversations: how long they last, who speaks, what may be sent when, the widget."""

    session_hours: float = Field(
        24.0,
        alias="TURNGATE_SESSION_HOURS",
        ge=0,
        le=24 * 365,
        description="inactivity timeout before a conversation restarts (0: never)",
    )
    person_hours: float = Field(
        24.0,
        alias="TURNGATE_PERSON_HOURS",
        ge=0,
        le=24 * 365,
        description="agent inactivity timeout before the bot resumes, on channels without an agent desk of "
        "their own (0: never)",
    )
    reply_hours: float = Field(
        24.0,
        alias="TURNGATE_REPLY_HOURS",
        gt=0,
        le=24 * 30,
        description="age at which a reply that the provider does not accept is given up and becomes a dead "
        "letter; fractions are allowed",
    )
    message_hours: float = Field(
        0.0,
        alias="TURNGATE_MESSAGE_HOURS",
        ge=0,
        le=24 * 365,
        description="age after which a message is recorded as `too_old` and not answered, by the "
        "provider's timestamp (0: every message is answered)",
    )
    participants: ParticipantPolicy = Field(
        ParticipantPolicy.IGNORE,
        alias="TURNGATE_PARTICIPANTS",
        description="what happens after a message of a participant other than the contact, in "
        "conversations with several people: `ignore`, `take_over` (an agent is to answer) or `own_session`",
    )
    opt_out_words: str = Field(
        "",
        alias="TURNGATE_OPT_OUT_WORDS",
        description="further words and phrases that opt a contact out as a whole message, on every channel; "
        "comma-separated",
    )
    quiet_hours: str = Field(
        "",
        alias="TURNGATE_QUIET_HOURS",
        description="local time in which proactive messages wait: `21:00-08:00`, or `strict` (20:00-09:00), "
        "or by category: `marketing=strict,utility=off`; unset: none",
    )
    time_zone: str = Field(
        "UTC",
        alias="TURNGATE_TIME_ZONE",
        description="time zone of contacts whose phone number does not determine one, e.g. `Europe/Berlin`",
    )
    web_origins: str = Field(
        "",
        alias="TURNGATE_WEB_ORIGINS",
        description="web origins allowed to call `/turn` (CORS), e.g. `https://www.example.com`; "
        "comma-separated",
    )
    web_token_secret: SecretStr = Field(
        SecretStr(""),
        alias="TURNGATE_WEB_TOKEN_SECRET",
        description="secret that signs session tokens, comma-separated during rotation; if unset, `/turn` "
        "requires TURNGATE_API_KEY",
    )
    web_token_hours: float = Field(
        12,
        alias="TURNGATE_WEB_TOKEN_HOURS",
        ge=0.1,
        le=720,
        description="hours that a session token is valid; the widget renews it while it is in use",
    )
    web_identity_secret: SecretStr = Field(
        SecretStr(""),
        alias="TURNGATE_WEB_IDENTITY_SECRET",
        description="secret with which your backend signs the identity (JWT) of the widget's logged-in user, "
        "comma-separated during rotation",
    )
