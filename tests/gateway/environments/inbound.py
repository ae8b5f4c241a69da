"""Gateway without HTTP: the web process's inbox, and a worker with fake providers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from redis.asyncio import Redis

from channels import available
from core.model import Event, Message, Owner, ParticipantPolicy, Reply, Route, TurnReceived
from core.ports import Capabilities, Dialog
from core.processing import SessionProcessor
from gateway.middleware.inbox.message_deletions import MessageDeletions
from gateway.middleware.inbox.opt_out_requests import OptOutRequests
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.redaction.message_redaction import MessageRedaction
from gateway.redis.records.sessions.log.session_log import read_log, read_owner
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome
from tests.fakes import EchoDialog, FakeChannel


class _WithCapabilities:
    """A channel as far as the recognition of opt-outs needs it: its capabilities."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities


def load_capabilities(names: Sequence[str]) -> Any:
    """Return the capabilities of channels by name, in place of configured accounts."""
    return {
        name: _WithCapabilities(import_module(f"channels.{name}.capabilities").CAPABILITIES)
        for name in names
        if name in available()
    }


class RecordingForwarder:
    """Takes replies for other channels, or refuses them with `problem`."""

    def __init__(self) -> None:
        self.forwarded: list[tuple[str, str, Route]] = []
        self.problem = ""

    async def forward(self, session: str, reply: Reply, route: Route) -> str:
        """Record a reply."""
        if not self.problem:
            self.forwarded.append((reply.key, reply.body, route))
        return self.problem


class InboundGateway:
    """Gateway that accepts parsed events. All channels share one fake provider."""

    def __init__(
        self,
        redis: Redis,
        channels: Sequence[str],
        *,
        desk: bool = False,
        dialog: Dialog | None = None,
        participants: Mapping[str, ParticipantPolicy] | None = None,
        has_windows: bool = False,
    ) -> None:
        """Build it; `has_windows`: the channels' service windows count, for messages with present times."""
        self.redis = redis
        self.windows = {
            name: each.capabilities.service_window
            for name, each in load_capabilities(channels).items()
            if has_windows and each.capabilities.service_window
        }
        self.inbox = IdentityResolver(
            redis,
            OptOutRequests(
                redis,
                MessageDeletions(
                    RedisInbox(
                        redis,
                        desk_channels=channels if desk else (),
                        participants=participants,
                        windows=self.windows,
                    ),
                    MessageRedaction(redis, ProtocolLimits(), lease_seconds=0.2),
                ),
                load_capabilities(channels),
            ),
            threaded=channels if desk else (),
        )
        self.mailbox = RedisMailbox(redis, windows=self.windows)
        self.dialog = EchoDialog()
        self.channel = FakeChannel(desk=desk)
        self.channels = dict.fromkeys(channels, self.channel)
        self.forwarder = RecordingForwarder()
        self.processor = SessionProcessor(
            mailbox=self.mailbox,
            dialog=dialog or self.dialog,
            channels=dict(self.channels),
            http=None,
            forwarder=self.forwarder,
        )

    async def receive(self, events: Sequence[Event], session: str) -> None:
        """Take a webhook's events, then process the session."""
        await self.inbox.accept(events)
        await self.processor.run(session)

    async def process_when_due(self, session: str) -> None:
        """Process the session as if its wait and the circuit breaker's cooldown had passed."""
        await self.redis.hdel(f"tg:{{{session}}}", "hold")
        await self.redis.delete("tg:paused")
        await self.processor.run(session)

    async def send(self, session: str, key: str, message: Message | None = None) -> SendOutcome:
        """Send a proactive message."""
        channels: Any = self.channels
        sender = ProactiveSender(self.redis, channels, ProtocolLimits())
        return (await sender.send(session, key, message or Message(text=f"offer {key}"))).outcome

    async def state(self, session: str) -> Any:
        """Return the stored state of the session's dialog."""
        stored: Any = await self.redis.hget(f"tg:{{{session}}}", "state")
        return json.loads(stored) if stored else None

    async def kinds(self, session: str) -> list[str]:
        """Return the kinds of the session's log entries."""
        return [entry.kind for entry in await read_log(self.redis, session)]

    async def owner(self, session: str) -> Owner:
        """Return the session's owner."""
        return await read_owner(self.redis, session)

    @property
    def receivers(self) -> list[str]:
        """Where each sent reply went."""
        return [reply.address.theirs for reply in self.channel.sent_replies]


def get_turn(events: Sequence[Event]) -> TurnReceived:
    """Return the only event, which is a turn."""
    [event] = events
    assert isinstance(event, TurnReceived)
    return event


def get_session(events: Sequence[Event]) -> str:
    """Return the session of the only event's turn."""
    return get_turn(events).turn.session
