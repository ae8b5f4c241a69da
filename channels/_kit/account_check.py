"""Checks of an account at its provider, for `turngate doctor`: credentials, and where webhooks go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import httpx

from core.model import FrozenModel


class AccountCheck(FrozenModel):
    """Result of one check; `message` is the finding and, of a problem, what to do.

    `can_fix`: the same check with `fix` changes it at the provider.
    """

    passed: bool
    message: str
    can_fix: bool = False


class CheckAccount(Protocol):
    """The function `check_account` in `account_check.py` of a channel."""

    def __call__(
        self, environ: Mapping[str, str], urls: Sequence[str], http: httpx.AsyncClient, *, fix: bool
    ) -> AsyncIterator[AccountCheck]:
        """Ask the provider with the settings of an account whether one of our `urls` gets its messages.

        With `fix`, wrong settings at the provider are changed to the first one. Raises a `DeliveryError`.
        """
        ...


def pass_webhook_check(url: str, owner: str) -> AccountCheck:
    """Return the result for a webhook that points here."""
    return AccountCheck(passed=True, message=f"{owner} calls {url}")


def fail_webhook_check(url: str, owner: str, present: str, *, fix_hint: bool = True) -> AccountCheck:
    """Return the result for a webhook that points elsewhere, or nowhere."""
    now = f"calls {present} instead of {url}" if present else f"has no webhook, and should call {url}"
    remedy = "`turngate doctor --fix` sets it" if fix_hint else "enter it at the provider"
    return AccountCheck(passed=False, can_fix=fix_hint, message=f"{owner} {now}; {remedy}")
