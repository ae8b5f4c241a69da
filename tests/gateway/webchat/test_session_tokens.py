"""Session tokens: valid, expired, rotated and forged ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError
from gateway.webchat.session_tokens import SessionTokens

OLD, NEW = "0123456789abcdef-old", "0123456789abcdef-new"


def test_a_token_is_valid_for_its_own_session_only() -> None:
    tokens = SessionTokens([NEW])
    mine, token = tokens.issue()
    other, _ = tokens.issue()

    assert tokens.verify(token) == mine != other


def test_an_expired_token_is_invalid() -> None:
    expired = SessionTokens([NEW], seconds=-1)

    assert expired.verify(expired.issue("ada")[1]) is None
    assert SessionTokens([NEW]).verify(expired.issue("ada")[1]) == "ada"


def test_secrets_rotate() -> None:
    _, token = SessionTokens([OLD]).issue("ada")

    assert SessionTokens([NEW, OLD]).verify(token) == "ada"
    assert SessionTokens([NEW]).verify(token) is None
    assert SessionTokens([OLD]).verify(SessionTokens([NEW, OLD]).issue("ada")[1]) is None


def test_a_weak_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_WEB_TOKEN_SECRET"):
        SessionTokens(["secret"])


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_malformed_tokens_are_invalid(token: str) -> None:
    assert SessionTokens([NEW]).verify(token) is None


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_changed_token_is_invalid(index: int, character: str) -> None:
    tokens = SessionTokens([NEW])
    _, token = tokens.issue("ada")
    index %= len(token)
    changed = token[:index] + character + token[index + 1 :]

    # the last base64 letter has unused bits, so the same bytes may be spelled in two ways
    assert changed == token or tokens.verify(changed) in (None, "ada")
    assert index >= token.rindex(".") or changed == token or tokens.verify(changed) is None
