"""Settings of the limits against floods, loops and cost."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LimitSettings(BaseModel):
    """Settings of the limits against floods, loops and cost."""

    contact_messages: int = Field(
        60,
        alias="TURNGATE_CONTACT_MESSAGES",
        ge=0,
        le=10_000,
        description="messages of one contact that are answered in a minute; one notice, then silence "
        "(0: without limit)",
    )
    contact_daily_messages: int = Field(
        500,
        alias="TURNGATE_CONTACT_DAILY_MESSAGES",
        ge=0,
        le=1_000_000,
        description="messages of one contact that are answered on a day, in UTC (0: without limit)",
    )
    contact_replies: int = Field(
        300,
        alias="TURNGATE_CONTACT_REPLIES",
        ge=0,
        le=100_000,
        description="messages of the bot that are sent to one contact in an hour; further ones wait "
        "(0: without limit)",
    )
    loop_rounds: int = Field(
        5,
        alias="TURNGATE_LOOP_ROUNDS",
        ge=0,
        le=1_000,
        description="answers to the same words within an hour, after which the bot is silent, as to an "
        "auto-responder (0: without limit)",
    )
    contact_daily_tokens: int = Field(
        500_000,
        alias="TURNGATE_CONTACT_DAILY_TOKENS",
        ge=0,
        le=1_000_000_000,
        description="tokens of the language model for one contact on a day, in UTC (0: without limit)",
    )
    account_daily_tokens: int = Field(
        0,
        alias="TURNGATE_ACCOUNT_DAILY_TOKENS",
        ge=0,
        le=1_000_000_000_000,
        description="tokens of the language model for an account on a day, in UTC (0: without limit)",
    )
    account_daily_messages: int = Field(
        0,
        alias="TURNGATE_ACCOUNT_DAILY_MESSAGES",
        ge=0,
        le=1_000_000_000,
        description="messages that an account answers on a day, in UTC (0: without limit)",
    )
    web_sessions: int = Field(
        600,
        alias="TURNGATE_WEB_SESSIONS",
        ge=0,
        le=1_000_000,
        description="sessions that `POST /web/session` gives to one address in an hour (0: without limit)",
    )
