"""Redaction of secrets in every encoding."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from time import process_time
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.tools.redaction import REDACTED, redact

SECRET = "ab/cd+ef==gh&ij 'k\"päss\\wörd"


def quote_twice(text: str) -> str:
    return quote(quote(text, safe=""), safe="")


ENCODINGS: list[Callable[[str], str]] = [
    str,
    quote,
    quote_plus,
    quote_twice,
    html.escape,
    lambda text: quote(text, safe=""),
    lambda text: quote(text, safe="").lower() if text.islower() else quote(text),
    lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    lambda text: quote(text, safe="+=&/' "),
    lambda text: html.escape(text).replace("&#x27;", "&#39;"),
    lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    lambda text: json.dumps(text),
    lambda text: json.dumps(json.dumps(text)),
    lambda text: json.dumps(text).replace("/", "\\/"),
    lambda text: b64encode(text.encode()).decode(),
    lambda text: b64encode(f"user:{text}".encode()).decode(),
    lambda text: b64encode(f"a{text}b".encode()).decode(),
    lambda text: urlsafe_b64encode(f"?>{text}".encode()).decode(),
    lambda text: quote(b64encode(text.encode()).decode(), safe=""),
]


@pytest.mark.parametrize("encode", ENCODINGS)
def test_a_secret_is_redacted_in_every_encoding(encode: Callable[[str], str]) -> None:
    written = encode(SECRET)
    answer = {"a": [f"before {written} after"], written: 1, "b": "other"}
    made = redact(answer, [SECRET])
    told = json.dumps(made, ensure_ascii=False)
    assert written not in told
    assert REDACTED in told
    assert list(made) == ["a", REDACTED if REDACTED in made else list(made)[1], "b"]
    assert made["b"] == "other"
    assert "päss" not in html.unescape(unquote(unquote(told)))


def test_text_around_a_secret_stays() -> None:
    assert redact({"url": f"https://a.example/?k={quote(SECRET)}&p=1"}, [SECRET]) == {
        "url": f"https://a.example/?k={REDACTED}&p=1"
    }


@pytest.mark.parametrize(
    ("secret", "text", "made"),
    [
        ("ab12!", "Bearer ab12!", f"Bearer {REDACTED}"),
        ("pin4", "my pin4, please", f"my {REDACTED}, please"),
        ("pin4", "spin42", "spin42"),
        ("7", "7", REDACTED),
        ("7", "7 rows", "7 rows"),
        ("", "anything", "anything"),
    ],
)
def test_a_short_secret_is_redacted_as_a_word(secret: str, text: str, made: str) -> None:
    assert redact([text], [secret]) == [made]


def test_a_secret_of_digits_is_hidden_as_a_number() -> None:
    assert redact({"pin": 123456, "rows": 12, "is": True}, ["123456"]) == {
        "pin": REDACTED,
        "rows": 12,
        "is": True,
    }


def test_of_two_secrets_the_longer_is_hidden_first() -> None:
    assert redact("token-token-2", ["token-", "token-token-2"]) == REDACTED


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_what_holds_no_secret_is_left_as_it_is(value: object) -> None:
    assert redact(value, ["tk-very-secret"]) == value


@given(st.text(min_size=6, max_size=12), st.text(max_size=5), st.sampled_from(ENCODINGS[:6]))
def test_no_secret_is_left_in_any_text(secret: str, around: str, encode: Callable[[str], str]) -> None:
    if secret in REDACTED or not secret.isprintable():
        return
    made = redact({"a": around + encode(secret) + around}, [secret])
    assert secret not in made["a"].replace(REDACTED, "")


@pytest.mark.long
def test_the_largest_answer_is_looked_through_in_no_time() -> None:
    secrets = [f"secret/number+{number}&" for number in range(20)]
    answer = {f"name {n}": ["x" * 10 + "%20&amp;"] * 10 for n in range(1_200)}
    answer["echo"] = secrets[:2]
    begun = process_time()
    assert REDACTED in redact(answer, secrets)["echo"]
    assert process_time() - begun < 2
