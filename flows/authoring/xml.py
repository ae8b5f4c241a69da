"""Text for an XML document."""

from __future__ import annotations

import re

_NOT_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def valid(text: str) -> str:
    """The text with a question mark for each character that XML has no way to write."""
    return _NOT_XML.sub("?", text)
