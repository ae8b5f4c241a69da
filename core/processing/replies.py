"""Replies of a turn or timer: messages rendered by their channel, hand-off, closing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic

from core.model import Address, Message, Reply, keep_original, merge_messages
from core.ports import Channel, Http, TurnOutcome


class ReplyBuilder(Generic[Http]):
    """Builds replies with the channels by name."""

    def __init__(self, channels: Mapping[str, Channel[Http]]) -> None:
        self._channels = channels

    def build(
        self, to: str, address: Address, outcome: TurnOutcome, extra_messages: tuple[Message, ...] = ()
    ) -> tuple[Reply, ...]:
        """Build the replies of a step, followed by the hand-off or the closing at the provider's desk."""
        replies = self._build_step(to, address, outcome, extra_messages)
        return mark_confirmations(replies) if outcome.opt_out else replies

    def _build_step(
        self, to: str, address: Address, outcome: TurnOutcome, extra_messages: tuple[Message, ...]
    ) -> tuple[Reply, ...]:
        capabilities = self._channels[address.channel].capabilities
        replies = self.render(to, address, (*outcome.messages, *extra_messages))
        if outcome.hand_off and capabilities.desk:
            return (
                *replies,
                Reply(key=f"{to}.hand_off", address=address, body=outcome.summary, act="hand_off"),
            )
        if outcome.outcome == "final" and capabilities.closes:
            return (*replies, Reply(key=f"{to}.close", address=address, body="", act="close"))
        return replies

    def has_desk(self, address: Address) -> bool:
        """Return whether agents work on the conversation at the provider."""
        channel = self._channels.get(address.channel)
        return channel is not None and channel.capabilities.desk

    def reads_log(self, address: Address) -> bool:
        """Return whether the contact's client reads replies from the session's log."""
        channel = self._channels.get(address.channel)
        return channel is not None and channel.capabilities.reads_log

    def render(self, to: str, address: Address, messages: tuple[Message, ...]) -> tuple[Reply, ...]:
        """Render messages into replies within the channel's limits; `to` is the turn or timer they answer."""
        channel = self._channels[address.channel]
        merged = merge_messages(messages) if channel.capabilities.one_message else messages
        replies: list[Reply] = []
        for message in merged:
            original = keep_original(message, f"{to}.{len(replies) + 1}")
            replies += [
                Reply(
                    key=f"{to}.{number}",
                    address=address,
                    fallback=message.fallback,
                    route=message.route,
                    original=original,
                    **vars(part),
                )
                for number, part in enumerate(channel.render(message, address), start=len(replies) + 1)
            ]
        return tuple(replies)


def mark_confirmations(replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """Return replies that may still be sent although the contact opted out."""
    return tuple(reply.model_copy(update={"confirms_request": True}) for reply in replies)
