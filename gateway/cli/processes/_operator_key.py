"""Description of operator keys in the output of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.access.exposure import OperatorAccess


def describe_key(access: OperatorAccess) -> str:
    """Return the key if this start generated it, or where keys are stored; empty if none is needed."""
    if (generated := access.generated) is not None:
        if generated.is_new:
            return f"{generated.secret} (shown this once, kept in {generated.path})"
        return f"kept in {generated.path}"
    names = ", ".join(dict.fromkeys(f"{key.name} ({key.role})" for key in access.keys))
    return f"set for {names}" if names else ""
