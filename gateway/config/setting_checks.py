"""Checks of single settings that are not just a number or a choice: URLs, hosts, prices, models."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from channels._kit.settings import parse_base_url
from core.errors import ConfigurationError
from core.local_time import load_time_zone
from core.quiet_hours import QuietHours
from gateway.redis.connection.address import check_url

_HOST: Final = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?", re.ASCII)
MIN_TOKEN_SECRET_LENGTH: Final = 16
MIN_IDENTITY_SECRET_LENGTH: Final = 32
"""Bytes of the hash of HS256, below which a secret is weaker than the algorithm (RFC 7518, section 3.2)."""

_PRICE: Final = re.compile(r"\d{1,6}(?:\.\d{1,6})?(?: [A-Za-z]{1,10})?")


def check_value(name: str, value: str) -> None:
    """Raise `ValueError` with a sentence that names the setting if its value cannot be used."""
    check = _CHECKS.get(name)
    if check is None or not value:
        return
    try:
        check(value)
    except ConfigurationError as error:  # names the setting itself
        raise ValueError(str(error)) from None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _check_origins(value: str) -> None:
    for origin in filter(None, map(str.strip, value.split(","))):
        parts = urlsplit(origin)
        is_origin = parts.scheme in ("http", "https") and parts.hostname and not (parts.path or parts.query)
        if origin != "*" and not is_origin:
            raise ValueError(
                f"{origin!r} is not an origin; write scheme and host without a path or a slash at the end, "
                "such as https://www.example.com"
            )


def _check_hosts(value: str) -> None:
    for host in filter(None, map(str.strip, value.split(","))):
        if not _HOST.fullmatch(host):
            raise ValueError(
                f"{host!r} is not a host; write crm.internal or crm.internal:8080, without scheme and path"
            )


def _check_price(value: str) -> None:
    if not _PRICE.fullmatch(value):
        raise ValueError(f"{value[:40]!r} is not a price; write it as 0.60 USD")


def _check_model(setting: str, value: str) -> None:
    if (setting, value) != ("TURNGATE_LLM", "rules"):
        from flows.llm.factory import check_model_name  # its import takes half a second

        check_model_name(setting, value)


def _check_model_keys(value: str) -> None:
    from flows.llm import parse_model_keys

    parse_model_keys(value)


def check_secrets(setting: str, minimum: int, secrets: Sequence[str]) -> None:
    """Raise `ConfigurationError` if one of a setting's secrets is shorter than `minimum` bytes."""
    if any(len(secret.encode()) < minimum for secret in secrets):
        raise ConfigurationError(f"{setting} needs at least {minimum} random characters")


def _check_secret_list(setting: str, minimum: int, value: str) -> None:
    check_secrets(setting, minimum, [each.strip() for each in value.split(",") if each.strip()])


_CHECKS: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {
        "REDIS_URL": check_url,
        "PUBLIC_URL": lambda value: parse_base_url("PUBLIC_URL", value),
        "OPENAI_BASE_URL": lambda value: parse_base_url(
            "OPENAI_BASE_URL", value, "https://llm.example.com/v1"
        ),
        "TURNGATE_QUIET_HOURS": QuietHours.parse,
        "TURNGATE_TIME_ZONE": load_time_zone,
        "TURNGATE_WEB_ORIGINS": _check_origins,
        "TURNGATE_WEB_TOKEN_SECRET": partial(
            _check_secret_list, "TURNGATE_WEB_TOKEN_SECRET", MIN_TOKEN_SECRET_LENGTH
        ),
        "TURNGATE_WEB_IDENTITY_SECRET": partial(
            _check_secret_list, "TURNGATE_WEB_IDENTITY_SECRET", MIN_IDENTITY_SECRET_LENGTH
        ),
        "TURNGATE_PRIVATE_HOSTS": _check_hosts,
        "TURNGATE_LLM_PRICE": _check_price,
        "TURNGATE_LLM_KEYS": _check_model_keys,
        **{
            name: partial(_check_model, name)
            for name in ("TURNGATE_LLM", "TURNGATE_TRANSCRIBE", "TURNGATE_SPEECH", "TURNGATE_MODERATION")
        },
    }
)
