"""Operator keys: names, roles, rotation and a minimum strength."""

from __future__ import annotations

from secrets import token_hex

import pytest

from core.errors import ConfigurationError
from gateway.access.generated_key import new_secret
from gateway.access.operator_keys import Role, find_key, is_session_token, parse_operator_keys
from gateway.webchat.sessions.session_tokens import SessionTokens, WebSession
from gateway.webchat.sessions.user_identity import WebUser

OPS, OPS_OLD, ANNA, BEN = (
    f"kR7mVx2Qp9LsTd4WnZc8BhYf3JgUa6Ee1NoX{part}" for part in ("w5Si", "Q8dK", "z2Hb", "T7pe")
)


def test_each_key_has_a_name_and_a_role() -> None:
    keys = parse_operator_keys(f"{OPS},{OPS_OLD}", f"anna:agent:{ANNA}, ben:viewer:{BEN}")

    assert [(key.name, key.role) for key in keys] == [
        ("operator", Role.OPERATOR),
        ("operator", Role.OPERATOR),
        ("anna", Role.AGENT),
        ("ben", Role.VIEWER),
    ]
    found = find_key(keys, ANNA.encode())
    assert found is not None
    assert found.name == "anna"
    assert find_key(keys, new_secret().encode()) is None
    assert find_key(keys, b"") is None


def test_a_key_is_rotated_under_its_name() -> None:
    repeated = parse_operator_keys("", f"anna:agent:{ANNA},anna:agent:{BEN}")
    listed = parse_operator_keys("", f"anna:agent:{ANNA},{BEN}")

    assert repeated == listed
    assert {key.name for key in listed} == {"anna"}
    assert len({key.id for key in listed}) == 2


@pytest.mark.parametrize(
    "weak",
    [
        "x",
        "operator-key",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "1234567890123456",
        "abcdefghijklmnopqrstuvwxyz",
        "k3yk3yk3yk3yk3yk3yk3y",
        "s8Xq-changeme-s8Xq9",
        "MyPassword-2026-x7",
    ],
)
def test_a_weak_key_is_an_error_that_says_what_to_do(weak: str) -> None:
    for api_key, named in ((weak, ""), ("", f"anna:agent:{weak}")):
        with pytest.raises(ConfigurationError, match="turngate key --new") as error:
            parse_operator_keys(api_key, named)
        assert len(weak) == 1 or weak not in str(error.value)


def test_random_keys_are_strong() -> None:
    for _ in range(300):
        for secret in (new_secret(), token_hex(16), token_hex(8)):
            parse_operator_keys(secret, "")
            assert not is_session_token(secret)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (f"anna:{ANNA}", "write item 1 as name:role:key"),
        (ANNA, "write item 1 as name:role:key"),
        (f"anna:agent:{ANNA},Ben:agent:{BEN}", "write item 2"),
        (f"local:agent:{ANNA}", "is not local"),
        (f"anna:boss:{ANNA}", "one of viewer, agent, operator"),
        (f"anna:agent:{ANNA},anna:viewer:{BEN}", "anna has two roles"),
        (f"anna:agent:{ANNA},ben:agent:{ANNA}", "anna and ben have the same key"),
        (f"anna:agent:{ANNA},,", "empty item"),
    ],
)
def test_a_malformed_list_is_named(named: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as error:
        parse_operator_keys("", named)
    assert ANNA not in str(error.value)


def test_roles_include_the_lower_ones() -> None:
    allowed = {(role, other) for role in Role for other in Role if role.includes(other)}

    assert len(allowed) == 6
    assert (Role.AGENT, Role.VIEWER) in allowed
    assert (Role.VIEWER, Role.AGENT) not in allowed


def test_session_tokens_are_distinguished_from_keys() -> None:
    sessions = [
        WebSession(id="0123456789abcdef0123456789abcdef"),
        WebSession(id="web.session.with.dots"),
        WebSession(id="user:1", user=WebUser(id="1")),
        WebSession(id="user:" + "1" * 100, user=WebUser(id="1" * 100)),  # compressed
    ]
    for session in sessions:
        token = SessionTokens(["0123456789abcdef0123456789abcdef"]).issue(session)
        assert is_session_token(token)
        with pytest.raises(ConfigurationError, match="web session"):
            parse_operator_keys(token, "")
