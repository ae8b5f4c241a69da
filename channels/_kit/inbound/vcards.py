"""Contact cards in the format vCard (RFC 6350)."""

from __future__ import annotations

import re
from typing import Final

_MAX_VALUES: Final = 10
_MAX_VALUE_LENGTH: Final = 200


def read_vcard(vcard: str, name: str) -> tuple[str, ...]:
    """Return the first values of one property, such as `FN` or `TEL`."""
    lines = re.findall(rf"^(?:[\w-]+\.)?{name}(?:;[^:\n]*)?:(.*)$", vcard, re.IGNORECASE | re.MULTILINE)
    values = (line.strip().removeprefix("tel:")[:_MAX_VALUE_LENGTH] for line in lines)
    return tuple(filter(None, values))[:_MAX_VALUES]
