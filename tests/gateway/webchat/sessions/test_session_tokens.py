"""Session tokens: valid, expired, rotated and forged ones."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError
from gateway.webchat.sessions.session_tokens import SessionTokens, WebSession
from gateway.webchat.sessions.user_identity import WebUser

OLD, NEW = "0123456789abcdef-old", "0123456789abcdef-new"


ADA = WebSession(id="ada")
USER = WebSession(id="user:42", user=WebUser(id="42", name="Ada Ort", email="ada@example.com"))


@pytest.mark.parametrize("session", [ADA, USER], ids=["visitor", "user"])
def test_a_token_is_valid_for_its_own_session_only(session: WebSession) -> None:
    tokens = SessionTokens([NEW])

    assert tokens.verify(tokens.issue(session)) == session
    assert tokens.verify(tokens.issue(WebSession(id="user:42"))) == WebSession(id="user:42")


@pytest.mark.parametrize("session", [ADA, USER], ids=["visitor", "user"])
def test_an_expired_token_is_invalid(session: WebSession) -> None:
    token = SessionTokens([NEW], seconds=-1).issue(session)

    assert SessionTokens([NEW], seconds=-1).verify(token) is None
    assert SessionTokens([NEW]).verify(token) == session


def test_a_users_token_ends_a_day_after_the_identification_however_often_it_is_renewed() -> None:
    now, tokens = int(time.time()), SessionTokens([NEW])
    fresh, old = USER.model_copy(update={"since": now}), USER.model_copy(update={"since": now - 20 * 3_600})
    ended = USER.model_copy(update={"since": now - 24 * 3_600})

    assert (tokens.seconds_left(ADA), tokens.seconds_left(fresh)) == (12 * 3_600, 12 * 3_600)
    assert 0 < tokens.seconds_left(old) <= 4 * 3_600
    assert tokens.verify(tokens.issue(old)) == old
    assert tokens.verify(tokens.issue(ended)) is None
    assert SessionTokens([NEW], seconds=48 * 3_600).verify(tokens.issue(ended)) == ended


@pytest.mark.parametrize("session", [ADA, USER], ids=["visitor", "user"])
@pytest.mark.parametrize(("ahead", "is_valid"), [(5, True), (3_600, False)])
def test_a_token_of_a_host_whose_clock_is_ahead_is_valid(
    session: WebSession, ahead: float, is_valid: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, clock = SessionTokens([NEW]), time.time
    with monkeypatch.context() as other_host:
        other_host.setattr(time, "time", lambda: clock() + ahead)
        token = tokens.issue(session)

    assert tokens.verify(token) == (session if is_valid else None)


@pytest.mark.parametrize("session", [ADA, USER], ids=["visitor", "user"])
def test_secrets_rotate(session: WebSession) -> None:
    token = SessionTokens([OLD]).issue(session)

    assert SessionTokens([NEW, OLD]).verify(token) == session
    assert SessionTokens([NEW]).verify(token) is None
    assert SessionTokens([OLD]).verify(SessionTokens([NEW, OLD]).issue(session)) is None


def test_a_weak_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_WEB_TOKEN_SECRET"):
        SessionTokens(["secret"])


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_malformed_tokens_are_invalid(token: str) -> None:
    assert SessionTokens([NEW]).verify(token) is None


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_changed_token_is_invalid(index: int, character: str) -> None:
    tokens = SessionTokens([NEW])
    token = tokens.issue(ADA)
    index %= len(token)
    changed = token[:index] + character + token[index + 1 :]

    # the last base64 letter has unused bits, so the same bytes may be spelled in two ways
    assert changed == token or tokens.verify(changed) in (None, ADA)
    assert index >= token.rindex(".") or changed == token or tokens.verify(changed) is None
