"""Signed identity of a logged-in user: a JSON Web Token from the business's own backend."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import jwt

from core.model import FrozenModel
from gateway.config.setting_checks import MIN_IDENTITY_SECRET_LENGTH, check_secrets

MAX_TOKEN_LENGTH: Final = 4_096
MAX_LIFETIME_SECONDS: Final = 24 * 3_600
_MAX_USER_ID_LENGTH: Final = 150
_MAX_NAME_LENGTH: Final = 200
_ALGORITHMS: Final = ("HS256", "HS384", "HS512")
_LEEWAY_SECONDS: Final = 30
_SESSION_PREFIX: Final = "user:"


class InvalidIdentity(Exception):
    """An identity token that proves nothing; the text says why and never repeats the token."""


class WebUser(FrozenModel):
    """A user as the business's backend identified them. `name` and `email` may be empty."""

    id: str
    name: str = ""
    email: str = ""

    @property
    def session_id(self) -> str:
        """The one session of this user on every device."""
        return f"{_SESSION_PREFIX}{self.id}"


class IdentityVerifier:
    """Verifies identity tokens (JWT, RFC 7519, signed by HMAC).

    Claims: `sub` is the user's ID and `exp` the end, at most 24 hours ahead; both are required. `name` and
    `email` are shown to agents and find the contact for export and erasure.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        """Create a verifier; any of the secrets is accepted, so they rotate.

        Raises `ConfigurationError` for a secret shorter than the hash of HS256 (RFC 7518, section 3.2).
        """
        check_secrets("TURNGATE_WEB_IDENTITY_SECRET", MIN_IDENTITY_SECRET_LENGTH, secrets)
        self._secrets = tuple(secrets)

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def verify(self, token: str) -> WebUser:
        """Return the user whom a token identifies. Raises `InvalidIdentity`."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidIdentity(f"the token is longer than {MAX_TOKEN_LENGTH} characters")
        claims = self._decode(token)
        if not isinstance(claims["exp"], (int, float)):  # the library also takes a text with digits
            raise InvalidIdentity("exp is not a number")
        if claims["exp"] > time.time() + MAX_LIFETIME_SECONDS + _LEEWAY_SECONDS:
            raise InvalidIdentity("exp is more than 24 hours ahead")
        return WebUser(
            id=_read_user_id(claims["sub"]),
            name=_read_text(claims, "name"),
            email=_read_text(claims, "email"),
        )

    def _decode(self, token: str) -> dict[str, Any]:
        for secret in self._secrets:
            try:
                return jwt.decode(
                    token,
                    secret,
                    algorithms=list(_ALGORITHMS),
                    leeway=_LEEWAY_SECONDS,
                    options={"require": ["sub", "exp"], "verify_aud": False},
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError:
                raise InvalidIdentity("the token has expired") from None
            except jwt.MissingRequiredClaimError as error:
                raise InvalidIdentity(f"the claim {error.claim} is missing") from None
            except (jwt.InvalidTokenError, ValueError, RecursionError, OverflowError):
                raise InvalidIdentity(
                    "it is not a JWT signed with HS256, HS384 or HS512 that is valid now"
                ) from None
        raise InvalidIdentity("the signature was not made with TURNGATE_WEB_IDENTITY_SECRET")


def _read_user_id(subject: object) -> str:
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_USER_ID_LENGTH:
        raise InvalidIdentity(f"sub is not a text of 1 to {_MAX_USER_ID_LENGTH} characters")
    if not subject.isprintable() or any(character in subject for character in "{}"):
        raise InvalidIdentity("sub has a control character or a brace")
    return subject


def _read_text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _MAX_NAME_LENGTH:
        raise InvalidIdentity(f"{name} is not a text of at most {_MAX_NAME_LENGTH} characters")
    return " ".join(value.encode("utf-8", "replace").decode().split())  # JSON may have half of an emoji
