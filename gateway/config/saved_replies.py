"""Saved replies of the inbox: texts with placeholders, `Hello {{ name }}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
_BRACES: Final = re.compile(r"\{\{|\}\}")


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Return a saved reply with what is known of the contact; the rest stays marked."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1]) or f"{{{{ {found[1]} }}}}", text)


def _check_placeholders(text: str) -> str:
    """Return a text. Raises `ValueError` for one that would be sent with braces that nothing fills in."""
    if _BRACES.search(_PLACEHOLDER.sub("", text)):
        raise ValueError("a placeholder is one name in two braces on each side, such as {{ name }}")
    return text


ReplyName = Annotated[str, Field(min_length=1, max_length=60)]
ReplyText = Annotated[str, Field(min_length=1, max_length=4_000), AfterValidator(_check_placeholders)]
