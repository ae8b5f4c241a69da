"""Form-encoded webhooks, decoded before they are authenticated."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._kit.inbound import parse_form
from core.errors import MalformedWebhook, WebhookTooLarge

_BOUNDS = {"max_bytes": 10_000, "max_fields": 100}


@given(st.text(alphabet="ab=&+%2F4Cé;\0 ", max_size=60))
def test_any_form_is_read_as_the_standard_library_reads_it(text: str) -> None:
    expected: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        expected.setdefault(name, []).append(value)

    assert parse_form(text.encode(), **_BOUNDS) == expected


@given(st.lists(st.tuples(st.text(max_size=10), st.text(max_size=10)), max_size=20))
def test_what_is_encoded_comes_back(fields: list[tuple[str, str]]) -> None:
    form = parse_form(urlencode(fields, errors="replace").encode(), **_BOUNDS)

    for name, value in fields:
        assert value.encode(errors="replace").decode() in form[name.encode(errors="replace").decode()]


def test_a_form_over_the_bounds_is_refused() -> None:
    assert len(parse_form(b"a=1&" * 99 + b"a=1", **_BOUNDS)["a"]) == 100
    with pytest.raises(WebhookTooLarge, match="100 fields"):
        parse_form(b"&" * 100, **_BOUNDS)
    with pytest.raises(WebhookTooLarge, match="10000"):
        parse_form(b"a" * 10_001, **_BOUNDS)
    with pytest.raises(MalformedWebhook):
        parse_form(b"a=\xff", **_BOUNDS)
