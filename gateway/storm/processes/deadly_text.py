"""Crash on a send: a worker that exits without clean-up when it sends a certain text."""

from __future__ import annotations

import os
import signal

import httpx

from channels.twilio import TwilioChannel
from core.model import Reply, SentMessage


def kill_on_text(text: str) -> None:
    """Kill this process (SIGKILL) whenever it is about to send `text`."""
    send = TwilioChannel.send

    async def send_or_die(channel: TwilioChannel, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        if reply.body == text:
            os.kill(os.getpid(), signal.SIGKILL)
        return await send(channel, reply, http)

    TwilioChannel.send = send_or_die  # type: ignore[method-assign, assignment]
