"""Subscription: the receiver's URL, the types and content of its events, the secrets that sign them."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Collection
from enum import StrEnum
from urllib.parse import urlsplit

from core.errors import ConfigurationError
from core.model import FrozenModel
from gateway.hooks.event_types import EVENT_TYPES, TEST_EVENT

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
_SECRET_BYTES = 32


class Content(StrEnum):
    """Personal data that events contain only if a subscription asks for it."""

    CONTACT = "contact"
    TEXT = "text"


class HookSecret(FrozenModel):
    """A secret that signs; an old one, until `until_ms` (0: for ever), beside its successor."""

    value: str
    until_ms: int = 0


class Subscription(FrozenModel):
    """A subscription. `disabled` is the reason why nothing is delivered, empty while it is active.

    Without `events` it gets all of them. `reference_key` makes references of sessions, which tell nothing of
    the contact.
    """

    name: str
    url: str
    events: tuple[str, ...] = ()
    include: tuple[Content, ...] = ()
    secrets: tuple[HookSecret, ...]
    reference_key: str
    disabled: str = ""
    created_ms: int = 0

    def wants(self, kind: str) -> bool:
        """Return whether it asks for events of this type."""
        from gateway.redis.records.hook_events import UNREADABLE  # commands import this module for their help

        return kind != UNREADABLE and (not self.events or kind in self.events or kind == TEST_EVENT)

    def valid_secrets(self, now_ms: int) -> list[str]:
        """Return the secrets that sign now, the newest first."""
        return [each.value for each in self.secrets if not each.until_ms or each.until_ms > now_ms]

    def rotate(self, now_ms: int, overlap_ms: int) -> Subscription:
        """Return it with a new secret; the old ones sign for `overlap_ms` more, at most."""
        until_ms = now_ms + overlap_ms
        kept = [
            each.model_copy(update={"until_ms": min(each.until_ms or until_ms, until_ms)})
            for each in self.secrets
            if (not each.until_ms or each.until_ms > now_ms) and overlap_ms
        ]
        return self.model_copy(update={"secrets": (new_secret(), *kept)})


def new_secret() -> HookSecret:
    """Return a new secret in the form of Standard Webhooks."""
    return HookSecret(value="whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode())


def create_subscription(
    url: str,
    *,
    name: str,
    events: Collection[str],
    include: Collection[Content],
    private_hosts: Collection[str],
    now_ms: int,
) -> Subscription:
    """Build a subscription. Raises `ConfigurationError` for a wrong URL, name or type of event.

    `private_hosts` are the hosts (`host` or `host:port`) that may be called without TLS.
    """
    host = _check_url(url, private_hosts)
    name = name or re.sub(r"[^a-z0-9.-]", "-", host)[:40]
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{name}: a name has up to 40 of a-z, 0-9, - and ., such as crm")
    if unknown := sorted(set(events) - set(EVENT_TYPES)):
        raise ConfigurationError(f"{unknown[0]}: unknown event; available: {', '.join(EVENT_TYPES)}")
    return Subscription(
        name=name,
        url=url,
        events=tuple(sorted(set(events))),
        include=tuple(sorted(set(include))),
        secrets=(new_secret(),),
        reference_key=secrets.token_hex(16),
        created_ms=now_ms,
    )


def _check_url(url: str, private_hosts: Collection[str]) -> str:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise ConfigurationError(
            "the URL cannot be read; give one such as https://crm.example.com/hooks"
        ) from None
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.password:
        raise ConfigurationError("the URL must begin with https://, name a host and contain no password")
    default_port = 443 if parts.scheme == "https" else 80
    if parts.scheme == "http" and not {host, f"{host}:{port or default_port}"} & set(private_hosts):
        raise ConfigurationError(
            "the URL must begin with https://; http:// is only allowed for hosts in TURNGATE_PRIVATE_HOSTS"
        )
    return host
