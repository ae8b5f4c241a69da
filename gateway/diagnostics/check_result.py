"""Result of a check."""

from __future__ import annotations

from core.model import FrozenModel


class CheckResult(FrozenModel):
    """Result of one check; `message` states the finding and, if it is a problem, what to do.

    `can_fix`: with `fix` the same check changes it at the provider.
    """

    passed: bool
    message: str
    can_fix: bool = False
