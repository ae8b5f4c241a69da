"""Settings as data, used by the start-up check and the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from core.errors import ConfigurationError

_EXAMPLE_URL: Final = "https://bots.example.com"


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable of a channel. A `secret` is never shown, logged or put into an error."""

    name: str
    description: str
    required: bool = False
    default: str = ""
    secret: bool = False


def read_settings(
    settings: Sequence[Setting], environ: Mapping[str, str], channel: str
) -> dict[str, str] | None:
    """Return the values by name with defaults filled in; `None` if none is set (blank counts as unset).

    Raises `ConfigurationError` naming the first required setting that is missing while others are set.
    """
    values = {setting.name: environ.get(setting.name, "").strip() for setting in settings}
    if not any(values.values()):
        return None
    for setting in settings:
        if setting.required and not values[setting.name]:
            raise ConfigurationError(
                f"{setting.name} is not set, but other settings of {channel} are; set it, or unset the others"
            )
    return {setting.name: values[setting.name] or setting.default for setting in settings}


def parse_secrets(name: str, value: str) -> tuple[str, ...]:
    """Split a comma-separated list of secrets, the current one first.

    Raises `ConfigurationError` for an empty item.
    """
    secrets = tuple(item.strip() for item in value.split(","))
    if not all(secrets):
        raise ConfigurationError(f"{name} contains an empty item; separate secrets with single commas")
    if not all(item.isascii() and item.isprintable() and " " not in item for item in secrets):
        raise ConfigurationError(f"{name} contains a space, a control character or a non-ASCII character")
    return secrets


def parse_base_url(name: str, value: str, example: str = "") -> str:
    """Return an http or https URL without trailing slash. Raises `ConfigurationError` for anything else."""
    try:
        parts = urlsplit(value)
        is_port_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise ConfigurationError(f"{name} is not a valid URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_port_valid:
        raise ConfigurationError(f"{name} must be a URL such as {example or _EXAMPLE_URL}")
    is_plain = value.isascii() and value.isprintable() and " " not in value
    if parts.query or parts.fragment or parts.username is not None or not is_plain:
        raise ConfigurationError(
            f"{name} must have only scheme, host and path: no query, fragment or credentials"
        )
    return value.rstrip("/")
