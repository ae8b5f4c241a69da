"""Settings of what is stored: retention, encryption, search."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class PrivacySettings(BaseModel):
    """Settings of what is stored: retention, encryption, search."""

    keep_session_days: int = Field(
        30,
        alias="TURNGATE_KEEP_SESSION_DAYS",
        ge=1,
        le=3_650,
        description="retention of a session after its last work: dialog state, log; also of broadcasts",
    )
    keep_contact_days: int = Field(
        400,
        alias="TURNGATE_KEEP_CONTACT_DAYS",
        ge=1,
        le=3_650,
        description="retention of the links from a contact's identifiers to the session, after the last "
        "message",
    )
    keep_dead_letter_days: int = Field(
        0,
        alias="TURNGATE_KEEP_DEAD_LETTER_DAYS",
        ge=0,
        le=3_650,
        description="age at which dead letters, and events for hooks that were given up, are deleted "
        "(0: only when an operator drops them)",
    )
    webhook_hours: float = Field(
        0.0,
        alias="TURNGATE_WEBHOOK_HOURS",
        ge=0,
        le=24 * 30,
        description="hours for which webhooks are kept as providers sent them, encrypted: accepted ones in "
        "the console beside their message, without secrets, and rejected ones for a replay (0: none); "
        "needs `TURNGATE_ENCRYPTION_KEYS`",
    )
    text_search: bool = Field(
        default=True,
        alias="TURNGATE_TEXT_SEARCH",
        description="`no`: the console cannot search for words of messages. With `yes` they are indexed "
        "as keyed digests, for as long as sessions are kept",
    )
    encryption_keys: SecretStr = Field(
        SecretStr(""),
        alias="TURNGATE_ENCRYPTION_KEYS",
        description="keys that encrypt texts, names, dialog states and credentials in Redis, "
        "comma-separated, the newest first; `turngate keys generate` makes one; unset: no encryption",
    )
