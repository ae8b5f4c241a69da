"""Redaction of the webhooks that are kept: no tokens, signatures, passwords or other secrets.

A secret is known by its name: a header, a field of a form or a part, a key of JSON, an element or attribute
of XML, or the name beside a value. `Bearer` and `Basic` credentials are known by their form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any, Final
from urllib.parse import quote_plus, unquote, unquote_plus

from gateway.middleware.redaction.markup_redaction import redact_markup
from gateway.middleware.redaction.secret_names import REDACTED, SECRET, VALUE_NAMES, is_naming, is_secret_name

_ESCAPE: Final = re.compile(r"\\u|%|&#|name\*")
_SCHEME: Final = r"(?:bearer|basic|digest|token|apikey|aws4-hmac-sha256)"
_HINT: Final = re.compile(rf"{SECRET}|\b{_SCHEME}\s|://[^/\s]{{0,200}}@", re.IGNORECASE)
_CREDENTIALS: Final = re.compile(rf"\s*({_SCHEME})\s+(?=\S*[\d=_.+/])\S{{8,}}.*", re.IGNORECASE | re.DOTALL)
_USER_INFO: Final = re.compile(r"(://)[^/\s@\"'<>]{1,200}@")
_JSON_VALUE: Final = r'(?:"(?:[^"\\]|\\.)*"?|[^\s",{}\[\]]+)'
_JSON_SECRET: Final = re.compile(
    rf'("[^"\\]{{0,100}}{SECRET}[^"\\]{{0,100}}"\s{{0,9}}:\s{{0,9}}){_JSON_VALUE}', re.IGNORECASE
)
_JSON_PAIR: Final = re.compile(
    rf'("(?:name|key|field|header)"\s{{0,9}}:\s{{0,9}}"[^"\\]{{0,100}}{SECRET}[^"\\]{{0,100}}"\s{{0,9}},\s{{0,9}}'
    rf'"(?:{"|".join(VALUE_NAMES)})"\s{{0,9}}:\s{{0,9}}){_JSON_VALUE}',
    re.IGNORECASE,
)
_URL_SECRET: Final = re.compile(
    rf"([?&#;][^=&?#;\s]{{0,100}}{SECRET}[^=&?#;\s]{{0,100}}=)[^&#\s\"\\<]*", re.IGNORECASE
)
_PARAMETER: Final = re.compile(rf"((?:^|[;,\s])[\w-]{{0,60}}{SECRET}[\w-]{{0,60}}=)[^;,\s]+", re.IGNORECASE)
_LINE: Final = re.compile(
    rf"^([ \t]{{0,20}}[\"']?[\w.-]{{0,60}}{SECRET}[\w.-]{{0,60}}[\"']?"
    r"[ \t]{0,9}[:=][ \t]{0,9})\S[^\r\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_DELIMITER: Final = re.compile(r"^(--[^\r\n]{1,200}?)\r?$", re.MULTILINE)
_PART_NAME: Final = re.compile(
    r"\bname\*?\d{0,2}\*?\s{0,9}=\s{0,9}(\"(?:[^\"\\]|\\.)*\"|[^;\s]+)", re.IGNORECASE
)
_FIELD_NAME: Final = re.compile(r"(.*?)[\[.]?([A-Za-z_]+)\]?$", re.DOTALL)


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers without secrets, including those inside other headers (a URL with a token)."""
    return {
        name: REDACTED if is_secret_name(name) else _PARAMETER.sub(rf"\1{REDACTED}", _redact_value(value))
        for name, value in headers.items()
    }


def redact_body(text: str) -> str:
    """Return JSON, XML, a form, a multipart body or lines without secrets."""
    if _ESCAPE.search(text) is None and _HINT.search(text) is None:
        return text
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return _redact_json_text(text)
    if start.startswith("<"):
        return _redact_urls(redact_markup(text))
    if "content-disposition" in text[:10_000].lower() and (found := _DELIMITER.search(text)):
        return found[1].join(map(_redact_part, text.split(found[1])))
    return _LINE.sub(rf"\1{REDACTED}", _redact_form(text))


def _redact_json_text(text: str) -> str:
    by_pattern = _JSON_SECRET.sub(rf'\1"{REDACTED}"', text)
    by_pattern = _redact_urls(_JSON_PAIR.sub(rf'\1"{REDACTED}"', by_pattern))
    try:
        value, is_clean = _redact_json(by_pattern)
    except (ValueError, RecursionError):  # cut off, or malformed
        return by_pattern
    return by_pattern if is_clean else _dump(value)


def _redact_json(text: str) -> tuple[Any, bool]:
    """Return the value without secrets, also those in texts that are JSON; and whether there were none.

    Raises `ValueError` or `RecursionError` if it cannot be read.
    """
    changed: list[str] = []

    def hide(value: Any) -> str:
        if value != REDACTED:
            changed.append("")
        return REDACTED

    def redact_value(value: Any) -> Any:
        if isinstance(value, list):
            return [
                hide(each) if at % 2 and _is_header_name(value, at - 1) else redact_value(each)
                for at, each in enumerate(value)
            ]
        if not isinstance(value, str):
            return value
        cleaned = _redact_value(value)
        if cleaned != value:
            changed.append(value)
        return cleaned

    def redact_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        is_named_secret = any(is_naming(name, value) for name, value in pairs)
        return {
            name: hide(value)
            if is_secret_name(name) or (is_named_secret and name.lower() in VALUE_NAMES)
            else redact_value(value)
            for name, value in pairs
        }

    value = redact_value(json.loads(text, object_pairs_hook=redact_object))
    return value, not changed


def _is_header_name(row: list[Any], at: int) -> bool:
    """Return whether a text of a list is the name of the one behind it, as in lists of headers."""
    name, value = row[at : at + 2]
    is_pair = isinstance(name, str) and isinstance(value, str) and len(row) % 2 == 0
    return is_pair and " " not in name and is_secret_name(name)


def _redact_value(text: str) -> str:
    """Return a text of a field, which may be JSON, credentials or a URL, without secrets."""
    if text.startswith(("{", "[")) and text.endswith(("}", "]")):
        return redact_body(text)
    if found := _CREDENTIALS.fullmatch(text):
        return f"{found[1]} {REDACTED}"
    return _redact_urls(text)


def _redact_urls(text: str) -> str:
    if "://" in text:
        text = _USER_INFO.sub(rf"\1{REDACTED}@", text)
    return _URL_SECRET.sub(rf"\1{REDACTED}", text) if "?" in text or "#" in text else text


def _dump(value: Any) -> str:
    """Return JSON that UTF-8 can encode: half a surrogate pair is none of its characters."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()


def _redact_form(text: str) -> str:
    fields = [
        (name, equals, value) for name, equals, value in (each.partition("=") for each in text.split("&"))
    ]
    named = set(_find_named_secrets(fields))
    return "&".join(
        f"{name}{equals}{REDACTED}" if name in named else _redact_field(name, equals, value)
        for name, equals, value in fields
    )


def _find_named_secrets(fields: Iterable[tuple[str, str, str]]) -> Iterable[str]:
    """Yield the fields whose names stand in another one: `f[0][name]=token&f[0][value]=x`."""
    leaves = [(name, _FIELD_NAME.fullmatch(unquote_plus(name)[:300]), value) for name, _, value in fields]
    prefixes = {
        leaf[1] for _, leaf, value in leaves if leaf and is_naming(leaf[2], unquote_plus(value[:300]))
    }
    for name, leaf, _ in leaves:
        if leaf and leaf[1] in prefixes and leaf[2].lower() in VALUE_NAMES:
            yield name


def _redact_field(name: str, equals: str, value: str) -> str:
    """Return a field of a form; its value may be JSON."""
    if not equals:
        return name
    if is_secret_name(unquote_plus(name)):
        return f"{name}={REDACTED}"
    plain = unquote_plus(value)
    cleaned = _redact_value(plain)
    return f"{name}={value}" if cleaned == plain else f"{name}={quote_plus(cleaned)}"


def _redact_part(part: str) -> str:
    """Return what is between two delimiters of a multipart body."""
    line_end = "\r\n" if "\r\n" in part else "\n"
    head, gap, content = part.partition(line_end * 2)
    if not gap:
        return _LINE.sub(rf"\1{REDACTED}", part)
    name = "".join(unescape(unquote(found.strip('"'))) for found in _PART_NAME.findall(head[:2_000]))
    head = _LINE.sub(rf"\1{REDACTED}", head)
    if is_secret_name(name):
        return f"{head}{gap}{REDACTED}{line_end}"
    stripped = content.rstrip("\r\n")
    return f"{head}{gap}{_redact_value(stripped)}{content[len(stripped) :]}"
