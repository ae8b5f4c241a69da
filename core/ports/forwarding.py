"""Port for messages that are sent on another channel of the same contact."""

from __future__ import annotations

from typing import Protocol

from core.model import Reply, Route


class Forwarder(Protocol):
    """Puts replies into the sessions of their contact on other channels."""

    async def forward(self, session: str, reply: Reply, route: Route) -> str:
        """Queue a reply of a session on `route.channel`, once for each reply.

        Returns why it cannot be sent there; empty if it is queued or was before.
        """
        ...
