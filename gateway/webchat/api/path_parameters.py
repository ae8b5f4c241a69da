"""Path parameters of any characters: clients choose message IDs."""

from __future__ import annotations

from typing import Final

from starlette.convertors import PathConvertor, register_url_convertor

ANY_TEXT: Final = "any_text"


class _AnyText(PathConvertor):
    """Part of a path that may hold every character, slashes and line breaks included."""

    regex = "(?s:.+)"


register_url_convertor(ANY_TEXT, _AnyText())
