"""`TURNGATE_CONFIG`: a TOML file with per-channel and per-account configuration."""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

import channels
from core.errors import ConfigurationError
from core.local_time import load_time_zone
from core.model import ParticipantPolicy
from core.ports import RateLimit
from core.processing import AbuseLimits, Concurrency
from core.quiet_hours import QuietHours
from gateway.config.saved_replies import ReplyName, ReplyText
from gateway.config.secret_files import FILE_SUFFIX, resolve_secret_files
from gateway.config.setting_errors import describe_problems
from gateway.config.setting_names import suggest_name

_ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def _check_account_name(name: str) -> str:
    if not _ACCOUNT_NAME.fullmatch(name):
        raise ValueError("the name of an account has lower-case letters, digits, - and _ only, at most 40")
    return name


_Name = Annotated[str, AfterValidator(_check_account_name)]


_BUILT_IN = "web"
"""The channel that needs no credentials."""


class ChannelOverrides(BaseModel):
    """Overrides for a channel or an account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flow: str = ""
    """Flow of this channel, as in TURNGATE_FLOW; empty: the default flow."""
    concurrency: Concurrency = Concurrency()
    pace: RateLimit | None = None
    """Rate limit in sends per second; unset: the provider's own limits."""
    participants: ParticipantPolicy | None = None
    """As TURNGATE_PARTICIPANTS; unset: that setting."""
    quiet_hours: str | None = None
    """As TURNGATE_QUIET_HOURS; unset: that setting."""
    time_zone: str | None = None
    """As TURNGATE_TIME_ZONE; unset: that setting."""

    limits: AbuseLimits | None = None
    """Limits against floods and loops; unset: those of the settings."""

    @field_validator("quiet_hours")
    @classmethod
    def _validate_quiet_hours(cls, value: str | None) -> str | None:
        if value is not None:
            QuietHours.parse(value)
        return value

    @field_validator("time_zone")
    @classmethod
    def _validate_time_zone(cls, value: str | None) -> str | None:
        if value is not None:
            load_time_zone(value)
        return value


class AccountConfig(ChannelOverrides):
    """A further account of a channel, `[channels.twilio.accounts.shop2]`.

    `settings` are the channel's own, by name; a value like `$SHOP2_TOKEN` is taken from the environment, or
    from the file that `SHOP2_TOKEN_FILE` names there.
    """

    settings: Annotated[dict[str, str], Field(min_length=1)]

    def resolve_settings(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Return the settings with references to the environment resolved. Raises `ConfigurationError`."""
        resolved = {}
        for name, value in self.settings.items():
            if value.startswith("$"):
                reference = value[1:]
                resolved[name] = resolve_secret_files(environ, [reference]).get(reference, "")
                if not resolved[name]:
                    raise ConfigurationError(
                        f"TURNGATE_CONFIG: {name} = {value!r}, but {reference} is not set"
                    )
            else:
                resolved[name] = value
        secrets = [name.removesuffix(FILE_SUFFIX) for name in resolved if name.endswith(FILE_SUFFIX)]
        return resolve_secret_files(resolved, secrets)


class ChannelConfig(ChannelOverrides):
    """Section of one channel, `[channels.twilio]`."""

    accounts: Annotated[dict[_Name, AccountConfig], Field(default_factory=dict, max_length=50)]


class ConfigFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Annotated[dict[str, ChannelConfig], Field(default_factory=dict)]
    replies: dict[ReplyName, ReplyText] = Field(default_factory=dict, max_length=200)
    """Saved replies for the inbox, by name: texts with `{{ name }}` and slots."""

    @classmethod
    def load(cls, path: Path | None) -> Self:
        """Read the file; without one there are no overrides.

        Raises `ConfigurationError` naming every problem.
        """
        if path is None:
            return cls(channels={})
        try:
            config = cls.model_validate(_parse(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"TURNGATE_CONFIG: {path} cannot be read ({type(error).__name__})"
            ) from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"TURNGATE_CONFIG: {path} is not TOML: {error}") from None
        except ValidationError as error:
            raise ConfigurationError(
                f"TURNGATE_CONFIG: {path}: {describe_problems(error.errors(), _list_keys())}"
            ) from None
        known = [*channels.available(), _BUILT_IN]
        if unknown := sorted(set(config.channels) - set(known)):
            raise ConfigurationError(
                f"TURNGATE_CONFIG: {path}: unknown channel {unknown[0]}; available: {', '.join(known)}"
            )
        if _BUILT_IN in config.channels and config.channels[_BUILT_IN].accounts:
            raise ConfigurationError(f"TURNGATE_CONFIG: {path}: the channel {_BUILT_IN} has no accounts")
        for name, account in config.accounts.items():
            if unknown_name := sorted(set(account.settings) - _setting_names(name.partition("/")[0])):
                nearest = suggest_name(unknown_name[0], _setting_names(name.partition("/")[0]))
                raise ConfigurationError(
                    f"TURNGATE_CONFIG: {path}: {name}: unknown setting {unknown_name[0]}{nearest}"
                )
        return config

    @property
    def accounts(self) -> Mapping[str, AccountConfig]:
        """Return all accounts by `channel/account`."""
        return {
            f"{name}/{account}": account_config
            for name, channel in self.channels.items()
            for account, account_config in channel.accounts.items()
        }

    @property
    def concurrency(self) -> Mapping[str, Concurrency]:
        """Return the concurrency policy of each channel and account by name."""
        return {name: section.concurrency for name, section in self._sections_with("concurrency").items()}

    @property
    def flows(self) -> Mapping[str, str]:
        """Return the flows of channels and accounts that have one of their own, by name."""
        return {name: section.flow for name, section in self._sections_with("flow").items() if section.flow}

    def rate_limit_for(self, channel: str, default: RateLimit) -> RateLimit:
        """Return the rate limit of a channel or account; `default` if none is configured."""
        section = self._sections_with("pace").get(channel)
        return section.pace if section and section.pace else default

    def participants_for(self, channel: str, default: ParticipantPolicy) -> ParticipantPolicy:
        """Return the policy for participants of a channel or account; `default` if none is configured."""
        section = self._sections_with("participants").get(channel)
        return section.participants if section and section.participants else default

    def quiet_hours_for(self, channel: str, default: str) -> str:
        """Return the quiet hours of a channel or account; `default` if none are configured."""
        section = self._sections_with("quiet_hours").get(channel)
        return default if section is None or section.quiet_hours is None else section.quiet_hours

    def time_zone_for(self, channel: str, default: str) -> str:
        """Return the time zone of a channel or account; `default` if none is configured."""
        section = self._sections_with("time_zone").get(channel)
        return section.time_zone if section and section.time_zone else default

    def abuse_limits_for(self, channel: str, default: AbuseLimits) -> AbuseLimits:
        """Return the limits of a channel or account; what is not configured is that of `default`."""
        section = self._sections_with("limits").get(channel)
        if section is None or section.limits is None:
            return default
        return default.model_copy(update=section.limits.model_dump(exclude_unset=True))

    def _sections_with(self, key: str) -> Mapping[str, ChannelOverrides]:
        """Return the section that sets `key` for each channel and account; accounts inherit."""
        sections: dict[str, ChannelOverrides] = dict(self.channels)
        for name, account in self.accounts.items():
            sections[name] = (
                account if key in account.model_fields_set else self.channels[name.partition("/")[0]]
            )
        return sections


def _parse(text: str) -> dict[str, object]:
    """Parse TOML. Raises `TOMLDecodeError`, also for a number or a nesting beyond what Python reads."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise tomllib.TOMLDecodeError(str(error)) from None


def _setting_names(channel: str) -> set[str]:
    declared = importlib.import_module(f"channels.{channel}").SETTINGS
    return {row.name for row in declared} | {f"{row.name}{FILE_SUFFIX}" for row in declared if row.secret}


def _list_keys() -> set[str]:
    """Return every key that a section of the file may have, to name the nearest to a misspelt one."""
    sections = (ConfigFile, ChannelConfig, AccountConfig, Concurrency, RateLimit, AbuseLimits)
    return {field for section in sections for field in section.model_fields}
