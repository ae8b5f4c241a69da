"""A storm's parts are the same for the same seed, so that a verdict can be repeated."""

from __future__ import annotations

import pytest

from channels.twilio import create_channel
from flows.document import Flow
from flows.engine import DialogMachine
from gateway.config.settings import FLOW_LIBRARY
from gateway.storm.conversations import STOP_TEXT, ConversationGenerator, PlannedConversation
from gateway.storm.environment import ACCOUNT, BUSINESS_NUMBER
from gateway.storm.scenario import StormScenario


def scripts(seed: int) -> ConversationGenerator:
    channel = create_channel(
        {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "0" * 32}, "https://bots.example.com"
    )
    assert channel is not None
    dialog = DialogMachine(Flow.load(FLOW_LIBRARY / "kyc.json"))
    return ConversationGenerator(StormScenario(seed=seed), dialog, channel, BUSINESS_NUMBER, ACCOUNT)


async def parts(seed: int) -> list[PlannedConversation]:
    written = scripts(seed)
    return [await written.generate(number) for number in range(60)]


async def test_the_same_seed_writes_the_same_parts_and_another_seed_others() -> None:
    assert await parts(1) == await parts(1)
    assert await parts(1) != await parts(2)


@pytest.mark.parametrize("seed", [1, 2])
async def test_parts_hold_swapped_lines_and_people_who_want_no_more(seed: int) -> None:
    written = await parts(seed)

    assert any(breath.is_swapped for part in written for breath in part.groups)
    assert any(STOP_TEXT in breath.texts for part in written for breath in part.groups)
    silenced = [part for part in written if part.silent_from is not None]
    assert all(part.groups[-1].expected_replies == () for part in silenced)
