"""The console's navigation: pages by group, the role that each needs, and what its badge counts."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.access.operator_keys import Role


class NavItem(NamedTuple):
    """A page in the navigation. `badge` names the figure beside it, `is_main` puts it into a phone's bar."""

    label: str
    path: str
    icon: str
    role: Role = Role.VIEWER
    badge: str = ""
    is_main: bool = False


class NavGroup(NamedTuple):
    """Pages under one heading."""

    label: str
    items: tuple[NavItem, ...]


GROUPS: Final = (
    NavGroup(
        "Watch",
        (
            NavItem("Overview", "/console", "pulse", is_main=True),
            NavItem("Conversations", "/console/conversations", "speech", is_main=True),
            NavItem("Inbox", "/console/desk", "tray", badge="waiting", is_main=True),
            NavItem("Failures", "/console/failures", "warning", badge="dead", is_main=True),
        ),
    ),
    NavGroup(
        "Run",
        (
            NavItem("Queue", "/console/queue", "lines"),
            NavItem("Accounts", "/console/accounts", "plug", badge="paused"),
            NavItem("Templates", "/console/templates", "list"),
            NavItem("Broadcasts", "/console/broadcasts", "sheet"),
            NavItem("Flows", "/console/flows", "branches"),
        ),
    ),
    NavGroup(
        "Check",
        (
            NavItem("Audit log", "/console/audit", "list", Role.OPERATOR),
            NavItem("Settings", "/console/settings", "tick", Role.OPERATOR),
            NavItem("Simulator", "/console/simulator", "phone"),
            NavItem("Web widget", "/console/widget", "window"),
        ),
    ),
)
BADGE_WORDS: Final = {
    "waiting": "with or waiting for an agent",
    "dead": "dead letters",
    "paused": "paused accounts",
}


class Navigation(NamedTuple):
    """The navigation as one person sees it on one page."""

    groups: tuple[NavGroup, ...]
    badges: dict[str, int]
    current: str


def select_groups(role: Role) -> tuple[NavGroup, ...]:
    """Return the groups with the pages that this role may open."""
    groups = (
        NavGroup(group.label, tuple(item for item in group.items if role.includes(item.role)))
        for group in GROUPS
    )
    return tuple(group for group in groups if group.items)


def find_current(path: str) -> str:
    """Return the page of the navigation that a path belongs to."""
    paths = [item.path for group in GROUPS for item in group.items]
    if path == "/console/quarantine":
        return "/console/failures"
    below = [each for each in paths[1:] if path == each or path.startswith(f"{each}/")]
    return below[0] if below else "/console" if path == "/console" else ""


async def read_badges(redis: Redis) -> dict[str, int]:
    """Return the figures of the badges; none if Redis does not answer."""
    try:
        async with redis.pipeline(transaction=False) as pipeline:
            pipeline.zcard("tg:desk")
            pipeline.xlen("tg:dead")
            pipeline.zcard("tg:paused")
            counts: list[Any] = await pipeline.execute()
    except (RedisError, OSError):
        return {}
    return dict(zip(BADGE_WORDS, map(int, counts), strict=True))
