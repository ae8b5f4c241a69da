"""Redaction of XML and HTML in kept webhooks, also of malformed and cut ones."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from gateway.middleware.redaction.secret_names import REDACTED, SECRET, VALUE_NAMES, is_naming, is_secret_name

_TAG: Final = re.compile(r"<([A-Za-z_][\w.:-]{0,200})((?:\s[^<>]{0,4000})?)>")
_ATTRIBUTE: Final = re.compile(r"([\w.:-]{1,200})(\s{0,9}=\s{0,9})(\"[^\"]*\"?|'[^']*'?)")
_VALUE: Final = "|".join(VALUE_NAMES)
_NAME_ELEMENT: Final = rf"<(?:name|key|field|header)>[^<]{{0,100}}{SECRET}[^<]{{0,100}}</[\w.:-]{{1,100}}>"
_NAME_FIRST: Final = re.compile(
    rf"({_NAME_ELEMENT}\s{{0,20}}<(?:{_VALUE})[^<>]{{0,200}}>)[^<]+", re.IGNORECASE
)
_VALUE_FIRST: Final = re.compile(
    rf"(<({_VALUE})>)[^<]{{1,4000}}(</\2>\s{{0,20}}{_NAME_ELEMENT})", re.IGNORECASE
)


def redact_markup(text: str) -> str:
    """Return markup without the content of elements and attributes that are secrets."""
    text = _NAME_FIRST.sub(rf"\1{REDACTED}", text)
    text = _VALUE_FIRST.sub(rf"\1{REDACTED}\3", text)
    parts: list[str] = []
    at = 0
    while found := _TAG.search(text, at):
        name, attributes = found[1], found[2]
        parts += [text[at : found.start()], f"<{name}{_redact_attributes(attributes)}>"]
        at = found.end()
        if not attributes.endswith("/") and (is_secret_name(name) or _names_secret(attributes)):
            parts.append(REDACTED)
            at = _find_end(text, name, at)
    return "".join([*parts, text[at:]])


def _names_secret(attributes: str) -> bool:
    return any(
        is_naming(name.rpartition(":")[2], unescape(value.strip("\"'")))
        for name, _, value in _ATTRIBUTE.findall(attributes)
    )


def _redact_attributes(attributes: str) -> str:
    is_named_secret = _names_secret(attributes)

    def redact(found: re.Match[str]) -> str:
        name = found[1].rpartition(":")[2].lower()
        is_value = is_named_secret and name in VALUE_NAMES
        return f'{found[1]}{found[2]}"{REDACTED}"' if is_value or is_secret_name(name) else found[0]

    return _ATTRIBUTE.sub(redact, attributes)


def _find_end(text: str, name: str, at: int) -> int:
    """Return where an element is closed, outside of quoted text; the end of the text if nowhere."""
    closing = f"</{name}"
    while True:
        end, quoted = text.find(closing, at), text.find("<![CDATA[", at)
        if end < 0:
            return len(text)
        if quoted < 0 or quoted > end:
            return end
        quoted_end = text.find("]]>", quoted)
        if quoted_end < 0:
            return len(text)
        at = quoted_end
