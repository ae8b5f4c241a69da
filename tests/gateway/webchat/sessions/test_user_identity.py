"""Identity tokens: what proves who a user is, and everything that does not."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError
from gateway.webchat.sessions.user_identity import IdentityVerifier, InvalidIdentity, WebUser

SECRET = "identity-secret-0123456789abcdef-0123"
VERIFIER = IdentityVerifier([SECRET])


def build_token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    content = {"sub": "42", "exp": int(time.time()) + 600, **claims}
    return jwt.encode({name: each for name, each in content.items() if each is not None}, secret, algorithm)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_signed_token_identifies_the_user(algorithm: str) -> None:
    strong = SECRET * 3
    signed = build_token(strong, algorithm, name=" Ada  Ort ", email="ada@example.com", aud="anything")

    assert IdentityVerifier([strong]).verify(signed) == WebUser(
        id="42", name="Ada Ort", email="ada@example.com"
    )


def test_secrets_rotate() -> None:
    old = "x" + SECRET

    assert IdentityVerifier([SECRET, old]).verify(build_token(old)).id == "42"
    with pytest.raises(InvalidIdentity, match="signature"):
        VERIFIER.verify(build_token(old))


def test_half_of_an_emoji_in_a_name_is_replaced() -> None:
    assert VERIFIER.verify(build_token(name="Ada \ud83d")).name == "Ada ?"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": None}, "claim exp is missing"),
        ({"sub": None}, "claim sub is missing"),
        ({"exp": 1}, "expired"),
        ({"exp": 9_999_999_999}, "24 hours"),
        ({"exp": 1e400}, "valid now"),
        ({"exp": "soon"}, "valid now"),
        ({"exp": "9000000000"}, "exp is not a number"),
        ({"exp": 10**30}, "24 hours|valid now"),
        ({"nbf": 9_999_999_999}, "valid now"),
        ({"sub": 42}, "sub|valid now"),
        ({"sub": ""}, "sub"),
        ({"sub": "x" * 151}, "sub"),
        ({"sub": "a\nb"}, "control"),
        ({"sub": "a}:outbox"}, "brace"),
        ({"name": ["Ada"]}, "name"),
        ({"email": "x" * 300}, "email"),
    ],
)
def test_wrong_claims_are_refused_with_the_reason(claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidIdentity, match=reason):
        VERIFIER.verify(build_token(**claims))


def test_other_algorithms_are_refused() -> None:
    def encode(part: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()

    content = encode({"sub": "42", "exp": int(time.time()) + 600})
    headers: list[object] = [
        {"alg": "none"},
        {"alg": "NONE"},
        {"alg": "RS256"},
        {},
        [],
        "HS256",
        {"alg": ["HS256"]},
    ]
    for header in headers:
        with pytest.raises(InvalidIdentity):
            VERIFIER.verify(f"{encode(header)}.{content}.")


def test_a_long_token_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidIdentity, match="longer"):
        VERIFIER.verify(build_token(name="x" * 5_000))


@pytest.mark.parametrize("secret", ["short", "x" * 31])
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_WEB_IDENTITY_SECRET"):
        IdentityVerifier([SECRET, secret])


@given(
    st.text()
    | st.lists(st.binary(max_size=60), min_size=3, max_size=3).map(
        lambda parts: ".".join(base64.urlsafe_b64encode(part).decode() for part in parts)
    )
)
def test_malformed_tokens_prove_nothing(malformed: str) -> None:
    with pytest.raises(InvalidIdentity):
        VERIFIER.verify(malformed)


@given(st.integers(0, 400), st.characters(codec="ascii"))
def test_a_changed_token_proves_nothing_else(index: int, character: str) -> None:
    signed = build_token(name="Ada")
    index %= len(signed)
    changed = signed[:index] + character + signed[index + 1 :]
    try:
        user = VERIFIER.verify(changed)
    except InvalidIdentity:
        return
    # the last base64 letter has unused bits, so the same bytes may be spelled in two ways
    assert user == VERIFIER.verify(signed)
