"""Notifications reach the subscribers of their session only, whatever its name is."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from redis.asyncio import Redis

from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.notifications import (
    SessionNotifications,
    _decode_notifications,
    encode_notification,
)
from gateway.redis.server.embedded_server import EmbeddedRedis

names = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(names, st.binary())))
def test_session_names_and_notes_are_separated(message: list[tuple[str, bytes]]) -> None:
    assert (
        list(_decode_notifications(b"".join(encode_notification(session, note) for session, note in message)))
        == message
    )


@given(st.one_of(st.binary(), st.from_regex(rb"\d* \d* .*", fullmatch=True)))
@example(b"9" * 5_000 + b" 1 a")
def test_any_message_can_be_decoded(message: bytes) -> None:
    for session, note in _decode_notifications(message):
        assert isinstance(session, str)
        assert isinstance(note, bytes)


async def test_subscribers_get_the_notifications_of_their_session(redis: Redis) -> None:
    evil = 'web:ada\ncommitted {"turns": ["m"]}'
    hints = SessionNotifications(redis, "tg:told")
    with (
        hints.subscribe("web:ada") as ada,
        hints.subscribe(evil) as other,
        hints.subscribe("web:grace") as grace,
    ):
        await hints.subscribed.wait()
        noise = [b"\xff", b"9 9", b"", b"7"]
        both = encode_notification(evil, b"for the other") + encode_notification("web:ada", b"a")
        for message in (*noise, both, encode_notification("web:ada")):
            await redis.publish("tg:told", message)
        await redis.publish("tg:told", encode_notification("web:grace"))
        await grace.wait()

        assert ada.pop_notes() == [b"a"]
        assert other.pop_notes() == [b"for the other"]
        assert (grace.pop_notes(), grace.is_set(), ada.is_set()) == ([], False, False)
    await hints.aclose()


@pytest.mark.long
async def test_a_server_that_hangs_is_noticed_and_subscribed_to_again(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path, durable=False)
    server.start()
    async with open_redis(server.url) as redis:
        process_id = int((await redis.info("server"))["process_id"])
        hints = SessionNotifications(redis, "tg:told")
        with hints.subscribe("web:ada") as ada:
            await hints.subscribed.wait()
            os.kill(process_id, signal.SIGSTOP)
            async with asyncio.timeout(30):
                while hints.subscribed.is_set():  # noqa: ASYNC110 - there is no event for the loss
                    await asyncio.sleep(0.05)
            os.kill(process_id, signal.SIGCONT)
            await hints.subscribed.wait()
            await redis.publish("tg:told", encode_notification("web:ada"))
            await ada.wait()
        await hints.aclose()
    server.stop()
