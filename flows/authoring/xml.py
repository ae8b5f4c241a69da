"""Text for XML documents."""

from __future__ import annotations

import re

_INVALID_XML_CHARACTERS = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def strip_invalid_xml(text: str) -> str:
    """Return the text with a question mark for each character that XML cannot represent."""
    return _INVALID_XML_CHARACTERS.sub("?", text)
