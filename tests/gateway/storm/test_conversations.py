"""Conversations of the chaos test: the same seed gives the same ones, so a failure can be reproduced."""

from __future__ import annotations

import pytest

from channels.twilio import create_channel
from flows.document import Flow
from flows.engine import DialogMachine
from flows.library import FLOW_LIBRARY
from gateway.storm.conversations import STOP_TEXT, ConversationGenerator, PlannedConversation
from gateway.storm.environment import ACCOUNT, BUSINESS_NUMBER
from gateway.storm.scenario import StormScenario


def build_generator(seed: int) -> ConversationGenerator:
    channel = create_channel(
        {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "0" * 32}, "https://bots.example.com"
    )
    assert channel is not None
    dialog = DialogMachine(Flow.load(FLOW_LIBRARY / "kyc.json"))
    return ConversationGenerator(StormScenario(seed=seed), dialog, channel, BUSINESS_NUMBER, ACCOUNT)


async def generate_conversations(seed: int) -> list[PlannedConversation]:
    generator = build_generator(seed)
    return [await generator.generate(number) for number in range(60)]


@pytest.mark.long
async def test_conversations_depend_on_the_seed_alone() -> None:
    assert await generate_conversations(1) == await generate_conversations(1)
    assert await generate_conversations(1) != await generate_conversations(2)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
async def test_some_messages_are_reordered_and_some_contacts_opt_out(seed: int) -> None:
    conversations = await generate_conversations(seed)

    assert any(group.is_swapped for conversation in conversations for group in conversation.groups)
    assert any(STOP_TEXT in group.texts for conversation in conversations for group in conversation.groups)
    silenced = [each for each in conversations if each.silent_from is not None]
    assert all(each.groups[-1].expected_replies == () for each in silenced)
