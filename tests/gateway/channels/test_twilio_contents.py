"""Contents of buttons are created at Twilio once, however many workers need them."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from core.model import Message, Reply
from gateway.redis.records.sessions.session_store import RedisSessionStore
from tests.channels.twilio.builders import build_channel
from tests.channels.twilio.test_content import ADDRESS, API, Api, NoFetch, build_choices


async def test_workers_that_need_a_content_at_once_make_it_once(redis: Redis) -> None:
    api = Api()
    workers = [build_channel(TWILIO_API_URL=API) for _ in range(3)]
    for worker in workers:
        worker.set_dependencies(credentials=RedisSessionStore(redis), fetch=NoFetch())
    [part] = workers[0].render(Message(text="Which?", choices=build_choices("Yes", "No")), ADDRESS)
    sends = [
        worker.send(Reply(key=f"t.{number}", address=ADDRESS, **dict(part)), api.http)
        for worker in workers
        for number in range(5)
    ]
    sent = await asyncio.gather(*sends)
    assert len({each.provider_id for each in sent}) == 15
    assert len(api.created_contents) == 1
    assert len({form["ContentSid"] for form in api.sent_forms}) == 1
