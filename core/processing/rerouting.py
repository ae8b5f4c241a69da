"""Fallbacks for replies: as a template, on another channel, or with the contact's next message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic

from core.model import Message, Reply, Route
from core.ports import Channel, Forwarder, Http, Lease, Mailbox, SessionView


class Rerouter(Generic[Http]):
    """Applies the fallback that a flow or a request names for a reply that may not be sent as it is (L13)."""

    def __init__(
        self, mailbox: Mailbox, channels: Mapping[str, Channel[Http]], forwarder: Forwarder | None
    ) -> None:
        self._mailbox = mailbox
        self._channels = channels
        self._forwarder = forwarder

    async def take(
        self, lease: Lease, view: SessionView, reply: Reply, route: Route, reason: str, *, known_closed: bool
    ) -> str:
        """Apply a fallback to the first reply of the outbox.

        Returns why that is impossible; empty if the reply has left the outbox, or may be sent after all.
        `reason` is why the fallback applies; with `known_closed` the service window is certainly closed.
        """
        reason = f"{reason}; sent by {route}" if not route.waits else f"{reason}; waits for the next message"
        if route.template:
            return await self._send_template(lease, view, reply, route, reason)
        if route.channel:
            if self._forwarder is None:
                return "no other channel can be used here"
            if problem := await self._forwarder.forward(lease.session, reply, route):
                return f"it cannot be sent by {route.channel}: {problem}"
            await self._mailbox.reroute(lease, reply, (), reason=reason)
            return ""
        if route.waits:
            await self._mailbox.hold(lease, reply, reason, known_closed=known_closed)
            return ""
        return "its fallback is empty"

    async def _send_template(
        self, lease: Lease, view: SessionView, reply: Reply, route: Route, reason: str
    ) -> str:
        channel = self._channels.get(reply.address.channel)
        if channel is None or not channel.capabilities.templates:
            return f"{reply.address.channel} has no templates"
        parts = channel.render(Message(text="", template=route.template), reply.address)
        instead = tuple(
            Reply(
                key=f"{reply.key}~t{number}",
                address=reply.address,
                voice=reply.voice,
                bulk=reply.bulk,
                category=reply.category,
                confirms_request=reply.confirms_request,
                trace=reply.trace,
                time_zone=reply.time_zone,
                **vars(part),
            )
            for number, part in enumerate(parts, start=1)
        )
        covered = _find_covered(view.outbox, route)
        await self._mailbox.reroute(
            lease, reply, instead, covered=covered, template=route.template, reason=reason
        )
        return ""


def _find_covered(outbox: tuple[Reply, ...], route: Route) -> list[str]:
    """Return the keys of the replies behind the first for which the same template stands: one is enough."""
    covered = []
    for reply in outbox[1:]:
        if reply.fallback != route or reply.act != "say":
            break
        covered.append(reply.key)
    return covered
