"""Renders request URLs: no value can change the host or the path that the operator configured."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from flows.templating import EMPTY_VALUE_MARK, RenderError, TemplateValues, TextTemplate

# also as some servers parse it: with a backslash, and up to a semicolon
_DOT_SEGMENT: Final = re.compile(r"[\x00-\x20]*\.{1,2}[\x00-\x20]*(?:;.*)?", re.DOTALL)


class RequestBuildError(Exception):
    """The request cannot be built from the values; the message says why."""


def render_url(url: TextTemplate, values: TemplateValues) -> str:
    """Render the URL. Raises `RequestBuildError`, also when a value would change the host or the path."""
    try:
        text = url.render_strict(values)
        path = urlsplit(text).path
    except (RenderError, ValueError) as error:
        raise RequestBuildError("the URL cannot be built from the known values") from error
    if not text.startswith(("https://", "http://")):
        raise RequestBuildError("the URL is not complete")
    for segment in path.split("/"):
        if segment and not segment.strip(EMPTY_VALUE_MARK):
            raise RequestBuildError("a value is missing in the URL")
        if any(_DOT_SEGMENT.fullmatch(part) for part in re.split(r"[/\\]", unquote(unquote(segment)))):
            raise RequestBuildError("a value would change the URL's host or path")
    return text.replace(EMPTY_VALUE_MARK, "")
