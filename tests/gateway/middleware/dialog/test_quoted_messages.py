"""Quoted messages: their text is looked up by the provider's id."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from core.model import QuotedMessage, Reaction, Turn, TurnReceived
from flows.engine import DialogMachine
from gateway.middleware.dialog.quoted_messages import QuotedMessages
from tests.core.rig import SESSION, Rig
from tests.fakes import ADDRESS
from tests.flows.conversation import edge, flow, node

QUESTION = "Shall I cancel your order?"


def build_machine() -> DialogMachine:
    return DialogMachine(
        flow(
            node(
                "ask",
                QUESTION,
                edges=[edge("yes", "done", keywords=["yes"])],
                on_reaction={"👍": "yes"},
            ),
            node("done", "CANCELLED", edges=[edge("again", "ask", keywords=["again"])]),
        )
    )


async def accept_turn(rig: Rig, number: int, **fields: object) -> None:
    turn = Turn.model_validate({"id": f"M{number}", "session": SESSION, "address": ADDRESS, **fields})
    await rig.inbox.accept([TurnReceived(turn=turn)])
    await rig.process()


@pytest.mark.parametrize(
    ("provider_id", "expected"), [("P1", [QUESTION, "CANCELLED"]), ("P9", [QUESTION]), ("", [QUESTION])]
)
async def test_a_reaction_counts_for_the_message_that_it_is_on(
    redis: Redis, provider_id: str, expected: list[str]
) -> None:
    rig = Rig(redis)
    rig.processor._answers._dialog = QuotedMessages(build_machine(), redis)
    await accept_turn(rig, 1, text="hi")

    await accept_turn(rig, 2, reaction=Reaction(emoji="👍"), quoted=QuotedMessage(id=provider_id))

    assert rig.channel.bodies == expected


async def test_a_message_of_another_session_is_not_quoted(redis: Redis) -> None:
    rig = Rig(redis)
    rig.processor._answers._dialog = QuotedMessages(build_machine(), redis)
    await accept_turn(rig, 1, text="hi")
    other = Turn(
        id="M1",
        session="fake:2",
        address=ADDRESS,
        reaction=Reaction(emoji="👍"),
        quoted=QuotedMessage(id="P1"),
    )
    await rig.inbox.accept([TurnReceived(turn=other)])
    await rig.process("fake:2")

    assert rig.channel.bodies == [QUESTION]
