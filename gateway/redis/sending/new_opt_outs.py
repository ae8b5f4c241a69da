"""Opt-outs of contacts who may never have written here, such as those of a former provider's list."""

from __future__ import annotations

from uuid import uuid4

from core.model import Address, ControlAction, ControlReceived, OptOutScope
from core.ports import AcceptResult, Inbox
from gateway.redis.sending.first_contact import ContactAddress
from gateway.redis.sending.outbox import ProactiveSender


class NewOptOuts:
    """Opts contacts out by their address; the session is the one that their first message will have."""

    def __init__(self, sender: ProactiveSender, inbox: Inbox) -> None:
        """Create it; `sender` finds the session, and `inbox` stores the change as that of a known contact."""
        self._sender = sender
        self._inbox = inbox

    async def opt_out(
        self, contact: ContactAddress, scope: OptOutScope, *, actor: str, at: float = 0.0
    ) -> tuple[str, bool]:
        """Opt a contact out, and return the session and whether that counts.

        With `at`, in seconds since the epoch, a newer opt-in stays. Raises `InvalidContact`.
        """
        session = await self._sender.find_session(contact)
        address = Address(channel=contact.channel_name, account="", ours="", theirs=contact.to)
        event = ControlReceived(
            id=f"{actor}:{uuid4().hex}",
            session=session,
            address=address,
            act=ControlAction.OPT_OUT,
            actor=actor,
            scope=scope,
            at=at,
        )
        [result] = await self._inbox.accept([event])
        return session, result is not AcceptResult.STALE
