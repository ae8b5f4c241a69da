"""Full sender queue at Twilio: the simulator refuses, and the reply is delivered later."""

from __future__ import annotations

from time import time

import httpx
from redis.asyncio import Redis

from channels._kit.simulator import UserMessage
from channels.twilio.simulator.sender_queue import SenderQueues
from channels.twilio.simulator.server import TwilioSimulator
from core.model import Address, Turn, TurnReceived
from core.processing import SessionProcessor
from core.processing.session_processor import ProcessResult
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox
from tests.channels.sdk.hosted import host
from tests.channels.twilio.builders import ACCOUNT, TOKEN, URL, build_channel
from tests.fakes import EchoDialog

ADA, GRACE, SMS, WHATSAPP = "+15550170", "+15550171", "+15550100", "whatsapp:+15550101"


def build_message(number: int, contact: str, ours: str = SMS) -> TurnReceived:
    address = Address(channel="twilio", account=ACCOUNT, ours=ours, theirs=contact)
    return TurnReceived(turn=Turn(id=f"SM{number}", session=contact, address=address, text="Hi"))


async def test_a_full_queue_holds_back_the_replies_of_its_number_and_loses_none(redis: Redis) -> None:
    simulator = TwilioSimulator(
        account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=URL, seed=1, queue_length=1
    )
    simulator.send_user_message(UserMessage("whatsapp", ADA, "Hi"), time())
    async with host(simulator) as hosted, httpx.AsyncClient() as http:
        inbox, mailbox = RedisInbox(redis), RedisMailbox(redis)
        processor = SessionProcessor(
            mailbox=mailbox,
            dialog=EchoDialog(),
            channels={"twilio": build_channel(TWILIO_API_URL=hosted.url)},
            http=http,
        )
        messages = [
            build_message(1, ADA),
            build_message(2, GRACE),
            build_message(3, "+15550172"),
            build_message(4, f"whatsapp:{ADA}", WHATSAPP),
        ]
        await inbox.accept(messages)
        results = [await processor.run(each.turn.session) for each in messages]

        empty, postponed = ProcessResult.EMPTY, ProcessResult.POSTPONED
        assert results == [empty, postponed, postponed, empty]
        assert len(simulator.list_messages(time(), person=GRACE)) == 0
        assert 590 < await redis.pttl(f"tg:throttled:twilio:{ACCOUNT}:{SMS}") / 1000 <= 600
        assert await redis.zcard("tg:paused") == await redis.xlen("tg:dead") == 0

        simulator.messages_resource.queues = SenderQueues()  # it has been sent
        await redis.delete(f"tg:throttled:twilio:{ACCOUNT}:{SMS}")
        await redis.hdel(f"tg:{{{GRACE}}}", "hold")
        assert await processor.run(GRACE) is empty
        assert [entry.text for entry in simulator.list_messages(time(), person=GRACE)] == ["1: Hi"]
        await mailbox.aclose()
