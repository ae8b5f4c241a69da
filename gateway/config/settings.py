"""Settings from the environment and `.env`. Unknown or partly set ones are an error that names them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Self

from dotenv import dotenv_values
from pydantic import ConfigDict, SecretStr, ValidationError, model_validator

import channels
from channels._kit.settings import Setting
from core.errors import ConfigurationError
from flows.library import find_flow_file, is_existing_file, library_flows
from gateway.access.exposure import EXPOSED_VARIABLE
from gateway.access.operator_keys import OperatorKey, parse_operator_keys
from gateway.config.secret_files import FILE_SUFFIX, resolve_secret_files
from gateway.config.setting_checks import check_value
from gateway.config.setting_errors import describe_problems
from gateway.config.setting_groups import (
    ConversationSettings,
    DialogSettings,
    LimitSettings,
    PrivacySettings,
    ProcessSettings,
)
from gateway.config.setting_names import describe_malformed_settings, describe_unknown_settings
from gateway.redis.encryption.key_ring import KeyRing, parse_encryption_keys
from gateway.redis.server.embedded_server import find_running

_SECRET_PREFIX = "TURNGATE_SECRET_"  # noqa: S105 - the beginning of a name
_INTERNAL_VARIABLES = frozenset(
    {"TURNGATE_SIMULATOR_URL", EXPOSED_VARIABLE}  # set by `turngate run` for its own children
)


class Settings(PrivacySettings, LimitSettings, ConversationSettings, DialogSettings, ProcessSettings):
    """Settings of the gateway itself; channels declare their own. docs/settings.md shows the descriptions."""

    model_config = ConfigDict(frozen=True, extra="ignore")

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
        if malformed := describe_malformed_settings(variables, _known_names()):
            raise ConfigurationError(malformed)
        environ = load_environment()
        try:
            return cls.model_validate({name: value for name, value in environ.items() if value != ""})
        except ValidationError as error:
            raise ConfigurationError(describe_problems(error.errors())) from None

    @model_validator(mode="after")
    def _validate_completeness(self) -> Self:
        for field, info in type(self).model_fields.items():
            value = getattr(self, field)
            if isinstance(value, str | SecretStr):
                check_value(str(info.alias), value if isinstance(value, str) else value.get_secret_value())
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
        if not is_existing_file(path):
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


def read_variables() -> dict[str, str]:
    """Read `.env` of the working directory; the real environment takes precedence."""
    values = {name: value or "" for name, value in dotenv_values(".env").items()}
    return {**values, **os.environ}


def load_environment() -> dict[str, str]:
    """Read the variables, with secrets from the files that `*_FILE` name. Raises `ConfigurationError`.

    Settings lose the white space around them, which a file or a tool has added: a line break at the end of
    PUBLIC_URL or of a secret would make every signature wrong.
    """
    known = _known_names()
    variables = {
        name: value.strip() if name in known or _is_flow_secret(name) else value
        for name, value in read_variables().items()
    }
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
