"""Session tokens: what opens a session, and everything that does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError
from gateway.webchat.session_tokens import SessionTokens

OLD, NEW = "0123456789abcdef-old", "0123456789abcdef-new"


def test_a_token_opens_its_own_session_and_no_other() -> None:
    tokens = SessionTokens([NEW])
    mine, token = tokens.issue()
    other, _ = tokens.issue()

    assert tokens.verify(token) == mine != other


def test_an_expired_token_opens_nothing() -> None:
    tokens = SessionTokens([NEW])

    assert tokens.verify(tokens.issue("ada", seconds=-1)[1]) is None


def test_secrets_rotate() -> None:
    _, token = SessionTokens([OLD]).issue("ada")

    assert SessionTokens([NEW, OLD]).verify(token) == "ada"
    assert SessionTokens([NEW]).verify(token) is None
    assert SessionTokens([OLD]).verify(SessionTokens([NEW, OLD]).issue("ada")[1]) is None


def test_a_secret_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_WEB_TOKEN_SECRET"):
        SessionTokens(["secret"])


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_whatever_comes_as_a_token_opens_nothing(token: str) -> None:
    assert SessionTokens([NEW]).verify(token) is None


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_changed_token_opens_nothing(place: int, letter: str) -> None:
    tokens = SessionTokens([NEW])
    _, token = tokens.issue("ada")
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]

    # the last letter of base64 carries bits that count for nothing, so the same bytes may be spelled twice
    assert changed == token or tokens.verify(changed) in (None, "ada")
    assert place >= token.index(".") or changed == token or tokens.verify(changed) is None
