"""Names and secrets that templates reference, and the values to redact."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_SECRET_REFERENCE: Final = re.compile(r"\bsecrets\.([A-Za-z_]\w*)")
_TEMPLATE_TAG: Final = re.compile(r"\{[{%](.*?)[%}]\}", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_MIN_SECRET_LENGTH: Final = 6
_URL_PREFIXES: Final = ("https://", "http://")


def referenced_secrets(*sources: str) -> frozenset[str]:
    """Return the names of the secrets that templates reference."""
    return frozenset(name for source in sources for name in _SECRET_REFERENCE.findall(source))


def referenced_names(*sources: str) -> frozenset[str]:
    """Return all names in the expressions of templates."""
    inner = (part for source in sources for part in _TEMPLATE_TAG.findall(source))
    return frozenset(name for part in inner for name in _NAME.findall(part))


def values_to_redact(
    names: Iterable[str], values: Mapping[str, Any], secrets: Mapping[str, str]
) -> list[str]:
    """Return the values to redact from a call's result: secrets and environment values.

    URLs are not secrets, nor are values as short as a number of rows.
    """
    environment = values.get("env") or {}
    taken = (str(environment[name]) for name in names if name in environment)
    sent = [
        value for value in taken if len(value) >= _MIN_SECRET_LENGTH and not value.startswith(_URL_PREFIXES)
    ]
    return [*secrets.values(), *sent]
