"""Names of message templates in Redis, which the scripts and their callers share."""

from __future__ import annotations

STATES_KEY = "tg:template_states"
CHANGES_KEY = "tg:template_changes"

LOW_QUALITIES = frozenset({"red", "low"})
"""Quality ratings at which a provider may pause a template."""


def state_field(channel: str, name: str, language: str) -> str:
    """Return the field of a template in `tg:template_states`; channels and languages have no separator."""
    return f"{channel}|{language}|{name}"


def alarm_name(channel: str, name: str, language: str) -> str:
    """Return the name under which a template's alarm is stored, beside those of accounts."""
    return f"{channel}: template {name} ({language})"
