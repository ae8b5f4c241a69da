"""Quiet hours of contacts, in the time zone of the account, their profile or their phone number."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from channels._kit.inbound import is_whatsapp_user_id
from channels._kit.time_zones import find_country_zones, find_number_zones, is_time_zone
from core.local_time import load_time_zone
from core.model import Address, Reply
from core.quiet_hours import QuietHours

REASON: Final = "quiet hours"

_NUMBER: Final = re.compile(r"(?:[a-z]+:)?\+?(\d{5,20})", re.ASCII)


@dataclass(frozen=True, slots=True)
class QuietRule:
    """Quiet hours of a channel.

    `time_zone` is that of contacts for whom none is known; if it is `fixed`, of all contacts.
    """

    hours: QuietHours = field(default_factory=QuietHours)
    time_zone: str = "UTC"
    fixed: bool = False


class QuietPolicy:
    """Decides when a proactive message may be sent."""

    def __init__(
        self, default: QuietRule, by_channel: Mapping[str, QuietRule], numbered_channels: Collection[str]
    ) -> None:
        """Create a policy; `numbered_channels` are those whose contacts are addressed by phone number."""
        self._default = default
        self._by_channel = by_channel
        self._numbered_channels = frozenset(numbered_channels)

    def has_hours(self, channel: str) -> bool:
        """Return whether a channel has quiet hours in which the contact's own time zone counts."""
        rule = self._by_channel.get(channel, self._default)
        return rule.hours != QuietHours() and not rule.fixed

    def find_end(self, address: Address, category: str, now_ms: int, profile_zone: str = "") -> int:
        """Return when the contact's quiet hours are over, in ms since the epoch; 0 if it is not quiet.

        A number may belong to several time zones: it is quiet if it is in any of them. If that is always
        so, the configured time zone counts.
        """
        rule = self._by_channel.get(address.channel, self._default)
        names = self._find_zones(address, profile_zone, rule)
        end = rule.hours.find_end(category, now_ms, [load_time_zone(name) for name in names])
        if end is None:
            end = rule.hours.find_end(category, now_ms, [load_time_zone(rule.time_zone)])
        return end or 0

    def _find_zones(self, address: Address, profile_zone: str, rule: QuietRule) -> tuple[str, ...]:
        if rule.fixed:
            return (rule.time_zone,)
        if profile_zone and is_time_zone(profile_zone):
            return (profile_zone,)
        zones: tuple[str, ...] = ()
        if address.channel not in self._numbered_channels:
            return (rule.time_zone,)
        if match := _NUMBER.fullmatch(address.theirs):
            zones = find_number_zones(match[1])
        elif is_whatsapp_user_id(user_id := address.theirs.rpartition(":")[2]):
            zones = find_country_zones(user_id[:2])
        return zones or (rule.time_zone,)

    def find_end_for(self, reply: Reply, now_ms: int) -> int:
        """Return the same for a reply that waits in the outbox; answers have no quiet hours."""
        if not reply.bulk:
            return 0
        return self.find_end(reply.address, reply.category or "marketing", now_ms, reply.time_zone)
