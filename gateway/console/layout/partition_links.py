"""Adds the partition to links, forms and pictures of a page, independently of other tabs."""

from __future__ import annotations

import re
from typing import Final

PARAMETER: Final = "partition"

_LINK: Final = re.compile(
    r'(?P<name>\s(?:action|formaction|href|src|data-url|data-presence)=")(?P<path>/console(?!/static/)[^"#]*)'
)
_GET_FORM: Final = re.compile(r'<form\b(?![^>]*class="partition")[^>]*method="get"[^>]*>')


def add_partition(html: str, number: int) -> str:
    """Return a page of ours whose links, forms and pictures are of the partition.

    What users wrote is escaped there, so it has no quotation marks that could begin an attribute.
    """
    named = _LINK.sub(lambda found: f"{found['name']}{name_partition(found['path'], number, '&amp;')}", html)
    hidden = f'<input type="hidden" name="{PARAMETER}" value="{number}">'
    return _GET_FORM.sub(lambda found: f"{found[0]}{hidden}", named)


def name_partition(path: str, number: int, separator: str = "&") -> str:
    """Return a path of the console, perhaps with a query and a fragment, with the partition in its query."""
    place, mark, fragment = path.partition("#")
    if re.search(rf"[?&;]{PARAMETER}=", place):
        return path
    return f"{place}{separator if '?' in place else '?'}{PARAMETER}={number}{mark}{fragment}"
