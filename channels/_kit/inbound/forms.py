"""Form parsing with limits, applied before the sender is verified."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_plus

from core.errors import MalformedWebhook, WebhookTooLarge

FORM_CONTENT_TYPE: Final = "application/x-www-form-urlencoded"


class FormData(dict[str, list[str]]):
    """Decoded form fields, each with all its values in order, empty ones included."""

    def getall(self, name: str) -> list[str]:
        """Return all values of a field; the method name that signature libraries expect of a multidict."""
        return self[name]

    def first_value(self, *names: str) -> str:
        """Return the first non-empty value among these fields; the empty string if there is none."""
        for name in names:
            for value in self.get(name, ()):
                if value:
                    return value
        return ""


def parse_form(raw: bytes, *, max_bytes: int, max_fields: int) -> FormData:
    """Decode a urlencoded body or query, in time linear in its size.

    Raises `WebhookTooLarge` over the limits, `MalformedWebhook` if the bytes are not UTF-8.
    """
    if len(raw) > max_bytes:
        raise WebhookTooLarge(f"the form has {len(raw)} bytes; the limit is {max_bytes}")
    if raw.count(b"&") >= max_fields:
        raise WebhookTooLarge(f"the form has more than {max_fields} fields")
    try:
        text = raw.decode()
    except ValueError:
        raise MalformedWebhook("the form is not UTF-8") from None
    form = FormData()
    for field in filter(None, text.split("&")):
        name, _, value = field.partition("=")
        form.setdefault(_decode(name), []).append(_decode(value))
    return form


def _decode(text: str) -> str:
    """Decode a name or value; most need no decoding, which is faster to check here than with `parse_qsl`."""
    return unquote_plus(text) if "%" in text or "+" in text else text
