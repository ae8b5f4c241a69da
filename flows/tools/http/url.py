"""The address of a call: whatever its values are, it leads where the operator's text says."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from flows.templating.escaping import EMPTY
from flows.templating.template import NotRendered, Text, Values

# also as some servers read it: with a backslash, and up to a semicolon
_DOTS: Final = re.compile(r"[\x00-\x20]*\.{1,2}[\x00-\x20]*(?:;.*)?", re.DOTALL)


class NotMade(Exception):
    """The call cannot be put together from what is known; the message says why."""


def address(url: Text, values: Values) -> str:
    """The URL with `values` in it. Raises `NotMade`, also when a value would lead to another place."""
    try:
        text = url.whole(values)
        path = urlsplit(text).path
    except (NotRendered, ValueError) as error:
        raise NotMade("the address cannot be made from what is known") from error
    if not text.startswith(("https://", "http://")):
        raise NotMade("the address is not complete")
    for segment in path.split("/"):
        if segment and not segment.strip(EMPTY):
            raise NotMade("a value is missing in the address")
        if any(_DOTS.fullmatch(part) for part in re.split(r"[/\\]", unquote(unquote(segment)))):
            raise NotMade("a value would lead to another address")
    return text.replace(EMPTY, "")
