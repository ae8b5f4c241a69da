"""JSON of webhooks: what one part of a body costs."""

from __future__ import annotations

import pytest

from channels._kit.inbound import parse_object

LONG = b"9" * 5000


@pytest.mark.parametrize("number", [LONG, b"-" + LONG])
def test_a_number_that_is_too_long_costs_only_its_own_field(number: bytes) -> None:
    assert parse_object(b'{"bad": [' + number + b'], "good": 7}') == {"bad": [None], "good": 7}


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse_object(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b'{"a": 1', b'{"a": ' + LONG, b"\xff", '{"a": 1}'.encode("utf-16")]
)
def test_what_is_no_object_is_nothing(body: bytes) -> None:
    assert parse_object(body) is None
