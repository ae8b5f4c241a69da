"""Names by which a secret is known in a webhook."""

from __future__ import annotations

import re
from typing import Any, Final

REDACTED: Final = "(redacted)"
SECRET: Final = (
    r"(?:token|secret|signature|passw(?:or)?d|passphrase|auth(?!or(?!iz))|cookie|api[-_. ]?key"  # noqa: S105
    r"|access[-_]?key|private[-_]?key|credential|csrf|jwt|hmac|bearer|(?<![a-z])(?:sig|pwd)(?![a-z]))"
)
"""Part of a name, as a regular expression."""

VALUE_NAMES: Final = ("value", "values", "val", "content", "data", "string_value", "stringvalue")
"""Fields that hold the value of a secret that another field names."""

_PATTERN: Final = re.compile(SECRET, re.IGNORECASE)
_NAMING: Final = frozenset(
    {"name", "key", "field", "header", "param", "parameter", "property", "attribute", "id"}
)
_MAX_NAME: Final = 100


def is_secret_name(name: str) -> bool:
    """Return whether a value with this name is a secret."""
    return _PATTERN.search(name) is not None


def is_naming(name: str, value: Any) -> bool:
    """Return whether a field names a secret that another field beside it has."""
    if name.lower() not in _NAMING or not isinstance(value, str) or len(value) > _MAX_NAME:
        return False
    return is_secret_name(value)
