"""Calls of a channel for a reply: the send, the look-up of an earlier one, the names of its thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

from core.errors import DeliveryError, Rejected
from core.model import Reply, SentMessage
from core.ports import Channel, Http, LimitsLookUps, NamesThreads, SessionView
from core.steps import Step

T = TypeVar("T")


class ProviderCalls(Generic[Http]):
    """Calls the channel of a reply; whatever it raises is a `DeliveryError` by the channel's own rules."""

    def __init__(self, channels: Mapping[str, Channel[Http]], http: Http) -> None:
        """Call `channels`, which are given `http`."""
        self._channels = channels
        self._thread_namers = {
            name: channel for name, channel in channels.items() if isinstance(channel, NamesThreads)
        }
        self._http = http

    def get_channel(self, reply: Reply) -> Channel[Http]:
        """Return the reply's channel. Raises `Rejected` if it is not configured any more."""
        channel = self._channels.get(reply.address.channel)
        if channel is None:
            raise Rejected(f"the channel {reply.address.channel} is not configured here")
        return channel

    def can_look_up(self, reply: Reply) -> bool:
        """Return whether the provider can be asked if it accepted an earlier send. Raises `Rejected`."""
        channel = self.get_channel(reply)
        is_possible = not isinstance(channel, LimitsLookUps) or channel.can_look_up(reply.address)
        return channel.capabilities.look_up and is_possible

    async def send(self, reply: Reply) -> SentMessage:
        """Send a reply. Raises `DeliveryError`."""
        channel = self.get_channel(reply)
        with Step("send", {"channel": reply.address.channel}, reply.trace):
            return await _classify_errors(channel, lambda: channel.send(reply, self._http))

    async def find_earlier_send(self, reply: Reply, view: SessionView) -> SentMessage | None:
        """Return what became of a send that was started and never settled. Raises `DeliveryError`."""
        channel = self.get_channel(reply)
        assert view.send_mark is not None, "the marked reply is this one"
        since = datetime.fromtimestamp(view.send_mark.at_ms / 1000, UTC)
        known = view.recent_provider_ids
        return await _classify_errors(
            channel, lambda: channel.find_sent(reply, self._http, since=since, known=known)
        )

    async def find_thread_names(self, reply: Reply) -> Sequence[str]:
        """Return the names of the thread that a reply opens; most open none. Raises `DeliveryError`."""
        namer = self._thread_namers.get(reply.address.channel)
        if namer is None:
            return ()
        channel = self.get_channel(reply)
        return await _classify_errors(channel, lambda: namer.find_thread_names(reply, self._http))


async def _classify_errors(channel: Channel[Http], call: Callable[[], Awaitable[T]]) -> T:
    """Make a call of a channel, which may raise anything; it classifies its own errors."""
    try:
        return await call()
    except DeliveryError:
        raise
    except Exception as error:  # any type: the channel knows those of its client
        raise channel.classify(error) from error
