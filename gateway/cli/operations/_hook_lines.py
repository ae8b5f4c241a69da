"""Text and JSON of hooks and their deliveries."""

from __future__ import annotations

from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING, Any

from gateway.hooks.subscription import Subscription

if TYPE_CHECKING:
    from gateway.hooks.subscriptions import HookStatus


def describe_hook(hook: Subscription, status: HookStatus) -> list[str]:
    """Return the lines of the list about a hook."""
    content = f" (with {' and '.join(hook.include)})" if hook.include else ""
    lines = [
        f"{hook.name}  {hook.url}  {_describe_state(hook, status)}",
        f"  events   {', '.join(hook.events) or 'all'}{content}",
        f"  so far   {status.delivered} delivered, {status.waiting} waiting, {status.behind} not reached, "
        f"{status.dead} given up",
    ]
    if status.last_error:
        lines.append(f"  last failure {_format_time(status.last_failure)}: {status.last_error}")
    return lines


def hook_to_json(hook: Subscription, status: HookStatus) -> dict[str, Any]:
    """Return a hook without its secrets, and the state of its deliveries."""
    shown = {"name", "url", "events", "include", "disabled", "created_ms"}
    secrets = {"secrets": len(hook.valid_secrets(now_ms()))}
    return {**hook.model_dump(mode="json", include=shown), **secrets, **status.model_dump(mode="json")}


def _describe_state(hook: Subscription, status: HookStatus) -> str:
    if hook.disabled:
        return f"disabled: {hook.disabled}"
    if status.paused_until > now_ms():
        return f"down, next try {_format_time(status.paused_until)}"
    return "active"


def _format_time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now_ms() -> int:
    """Return the time in milliseconds since the epoch."""
    return int(time() * 1000)
