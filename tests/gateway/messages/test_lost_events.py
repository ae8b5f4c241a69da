"""Lost or late ownership events are corrected by the provider's record in the next webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.model import Event, Owner
from tests.channels.intercom import builders as intercom
from tests.channels.sunshine import builders as sunshine
from tests.gateway.environments.inbound import InboundGateway

START = 1_790_000_000


class SunshineThread:
    """A conversation of Zendesk messaging; `at` is the second of each event."""

    name, session = "sunshine", f"sunshine:{sunshine.APP}:{sunshine.CONVERSATION}"
    ours, others = sunshine.BOT, sunshine.DESK

    def _parse(self, event: dict[str, Any], at: int) -> list[Event]:
        event["createdAt"] = f"2026-11-23T10:{at // 60:02}:{at % 60:02}.000Z"
        return sunshine.build_channel().parse(sunshine.build_webhook(event))

    def message(self, at: int, holder: Any) -> list[Event]:
        content = {"type": "text", "text": f"text {at}"}
        return self._parse(sunshine.build_message_event(content, holder, number=f"m{at}"), at)

    def transfer(self, at: int, holder: Any) -> list[Event]:
        return self._parse(sunshine.build_event("switchboard:passControl", holder, number=f"p{at}"), at)

    def own_hand_off(self, at: int) -> list[Event]:
        made = sunshine.build_event(
            "switchboard:passControl", self.others, number=f"h{at}", metadata={"turngate": "k"}
        )
        return self._parse(made, at)

    def agent(self, at: int, holder: Any) -> list[Event]:
        source, content = {"type": "zd:agentWorkspace"}, {"type": "text", "text": "Hi"}
        said = {"id": f"a{at}", "author": {"type": "business"}, "source": source, "content": content}
        return self._parse(
            sunshine.build_event("conversation:message", holder, number=f"e{at}", message=said), at
        )


class IntercomThread:
    """Conversation at Intercom; its owner is the assignee."""

    name, session = "intercom", f"intercom:{intercom.APP}:{intercom.CONVERSATION}"
    ours, others = intercom.BOT, intercom.GRACE

    def _parse(self, topic: str, at: int, holder: Any, **part: Any) -> list[Event]:
        event = intercom.build_part(**part) | {"id": f"{37358000000 + at}", "created_at": START + at}
        item = intercom.build_conversation(event, admin=holder)
        return intercom.build_channel().parse(intercom.build_webhook(f"conversation.{topic}", item, f"n{at}"))

    def message(self, at: int, holder: Any) -> list[Event]:
        return self._parse("user.replied", at, holder, body=f"<p>text {at}</p>")

    def transfer(self, at: int, holder: Any) -> list[Event]:
        who, kind = intercom.PERSON, "assignment"
        return self._parse("admin.assigned", at, holder, body=None, author=who, part_type=kind)

    def own_hand_off(self, at: int) -> list[Event]:
        kind = "assignment"
        return self._parse("admin.assigned", at, self.others, body=None, author=intercom.US, part_type=kind)

    def agent(self, at: int, holder: Any) -> list[Event]:
        return self._parse("admin.replied", at, holder, body="<p>Hi</p>", author=intercom.PERSON)


CHANNELS = ("sunshine", "intercom")


@pytest.fixture(params=CHANNELS)
def thread(request: pytest.FixtureRequest) -> SunshineThread | IntercomThread:
    return SunshineThread() if request.param == "sunshine" else IntercomThread()


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = InboundGateway(redis, CHANNELS, desk=True)
    yield made
    await made.mailbox.aclose()


async def test_a_lost_give_back_is_healed_by_the_next_message(
    gateway: InboundGateway, thread: SunshineThread | IntercomThread
) -> None:
    await gateway.receive(thread.message(1, thread.ours), thread.session)
    await gateway.receive(thread.transfer(2, thread.others), thread.session)
    await gateway.receive(thread.agent(3, thread.others), thread.session)
    await gateway.receive(thread.message(4, thread.others), thread.session)
    assert await gateway.owner(thread.session) is Owner.HUMAN

    await gateway.receive(thread.message(6, thread.ours), thread.session)  # the give-back of second 5 is lost

    assert await gateway.owner(thread.session) is Owner.BOT
    assert gateway.channel.bodies == ["1: text 1", "2: text 6"]


async def test_a_message_that_overtakes_the_give_back_is_answered(
    gateway: InboundGateway, thread: SunshineThread | IntercomThread
) -> None:
    await gateway.receive(thread.transfer(2, thread.others), thread.session)
    await gateway.receive(thread.message(6, thread.ours), thread.session)
    await gateway.receive(thread.transfer(5, thread.ours), thread.session)

    assert await gateway.owner(thread.session) is Owner.BOT
    assert gateway.channel.bodies == ["1: text 6"]


async def test_a_transfer_that_a_message_overtook_does_not_silence_the_bot(
    gateway: InboundGateway, thread: SunshineThread | IntercomThread
) -> None:
    await gateway.receive(thread.message(6, thread.ours), thread.session)
    await gateway.receive(thread.transfer(2, thread.others), thread.session)
    await gateway.receive(thread.message(7, thread.ours), thread.session)

    assert gateway.channel.bodies == ["1: text 6", "2: text 7"]


async def test_an_agents_message_while_control_is_ours_holds(
    gateway: InboundGateway, thread: SunshineThread | IntercomThread
) -> None:
    await gateway.receive(thread.message(1, thread.ours), thread.session)
    await gateway.receive(thread.agent(2, thread.ours), thread.session)
    await gateway.receive(thread.message(3, thread.ours), thread.session)

    assert await gateway.owner(thread.session) is Owner.HUMAN
    assert gateway.channel.bodies == ["1: text 1"]


async def test_an_agents_late_message_while_control_is_ours_holds(
    gateway: InboundGateway, thread: SunshineThread | IntercomThread
) -> None:
    await gateway.receive(thread.transfer(1, thread.others), thread.session)
    await gateway.receive(thread.message(4, thread.ours), thread.session)
    await gateway.receive(thread.agent(3, thread.ours), thread.session)
    await gateway.receive(thread.message(5, thread.ours), thread.session)

    assert await gateway.owner(thread.session) is Owner.HUMAN
    assert gateway.channel.bodies == ["1: text 4"]


@pytest.mark.parametrize("at", [1, 2])
async def test_a_message_that_is_not_newer_than_the_transfer_heals_nothing(
    gateway: InboundGateway, thread: SunshineThread | IntercomThread, at: int
) -> None:
    await gateway.receive(thread.transfer(2, thread.others), thread.session)
    await gateway.receive(thread.message(at, thread.ours), thread.session)

    assert await gateway.owner(thread.session) is Owner.HUMAN
    assert gateway.channel.bodies == []


async def test_a_message_during_the_bots_own_hand_off_heals_nothing(
    gateway: InboundGateway, thread: SunshineThread | IntercomThread
) -> None:
    gateway.dialog.hand_off_text = "text 1"
    await gateway.receive(thread.message(1, thread.ours), thread.session)
    await gateway.receive(thread.message(2, thread.ours), thread.session)  # not passed on yet, as it says

    assert await gateway.owner(thread.session) is Owner.WAITING


async def test_a_lost_give_back_after_the_bots_own_hand_off_is_healed(
    gateway: InboundGateway, thread: SunshineThread | IntercomThread
) -> None:
    gateway.dialog.hand_off_text = "text 1"
    await gateway.receive(thread.message(1, thread.ours), thread.session)
    await gateway.receive(thread.own_hand_off(2), thread.session)
    assert await gateway.owner(thread.session) is Owner.WAITING

    await gateway.receive(thread.message(4, thread.ours), thread.session)

    assert await gateway.owner(thread.session) is Owner.BOT
    assert gateway.channel.bodies[-1] == "2: text 4"


async def test_without_a_switchboard_nothing_is_healed(gateway: InboundGateway) -> None:
    """Control by nobody is not evidence: the app may have no switchboard."""
    thread = SunshineThread()
    channel = sunshine.build_channel(SUNSHINE_INTEGRATION_ID="")
    await gateway.receive(thread.transfer(1, thread.others), thread.session)
    made = sunshine.build_message_event({"type": "text", "text": "Hello"}, None, number="m9")
    made["createdAt"] = "2026-11-23T10:00:09.000Z"
    await gateway.receive(channel.parse(sunshine.build_webhook(made)), thread.session)

    assert await gateway.owner(thread.session) is Owner.HUMAN
