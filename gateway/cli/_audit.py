"""Entries of commands in the audit log."""

from __future__ import annotations

from getpass import getuser


def record_act(act: str, *, about: str = "", target: str = "") -> None:
    """Record what the user of this machine did; `about` is a session or contact, `target` anything else."""
    from gateway.cli._redis import run_in_home
    from gateway.redis.records.operators.audit_log import AuditEntry, AuditLog

    entry = AuditEntry(who=_user_name(), via="cli", act=act, target=target)
    run_in_home(lambda redis: AuditLog(redis).record(entry, about))


def _user_name() -> str:
    try:
        return getuser()
    except (OSError, KeyError):  # the user has no name, as in some containers
        return "unknown"
