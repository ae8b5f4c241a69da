"""The library's flows in Zendesk messaging, with control passed to agents and back, through all processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from redis.asyncio import Redis

from channels._kit.simulator import Fault, FaultSettings, TranscriptEntry, UserMessage
from channels.sunshine.simulator.conversations import BOT_INTEGRATION
from channels.sunshine.simulator.server import SunshineSimulator
from core.model import Owner
from flows.authoring.testing import ConversationTestFile, conversation_file_path
from flows.authoring.testing.test_file import ConversationTest
from flows.library import FLOW_LIBRARY
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from gateway.redis.records.sessions.log.session_log import read_owner
from tests.channels.sunshine.builders import APP, ENVIRON, SECRET
from tests.gateway.environments.surroundings import (
    RecordingSimulatorServer,
    expect_unanswered,
    find_free_url,
    start_gateway,
)

PERSON = "+15550191"


class Environment:
    """A gateway and the simulated Zendesk messaging."""

    def __init__(self, server: RecordingSimulatorServer, simulator: SunshineSimulator, redis: Redis) -> None:
        self.server = server
        self.simulator = simulator
        self.redis = redis

    async def say(self, text: str, button: str = "") -> int:
        """Send a message of the contact; return how many answers there were before."""
        seen = len(self.server.list_entries(PERSON))
        self.server.send_user_message(UserMessage("sunshine", PERSON, text, button=button))
        await self.server.wait_until_idle()
        return seen

    async def say_unanswered(self, text: str) -> None:
        """Send a message that a worker must decide not to answer."""
        async with expect_unanswered(self.redis, self.session()):
            await self.say(text)

    async def act(self, move: str, text: str = "") -> None:
        """Perform an agent's move; wait until the gateway has accepted its webhooks."""
        self.server.run_agent_action(PERSON, move, text)
        await self.server.wait_until_idle()

    async def wait_for_entries(self, text: str, seen: int) -> list[TranscriptEntry]:
        return await self.server.wait_for_entries(text, PERSON, seen)

    async def wait_for_state(self, text: str) -> None:
        """Wait until control has the described state and the gateway was informed."""
        async with asyncio.timeout(30):
            while self.simulator.get_desk_status(PERSON).words != text:
                self.server.called.clear()
                await self.server.called.wait()
        await self.server.wait_until_idle()

    async def owner(self) -> Owner:
        return await read_owner(self.redis, self.session())

    def session(self) -> str:
        return f"sunshine:{APP}:{self.simulator.get_desk_status(PERSON).thread}"


@asynccontextmanager
async def running_environment(flow: str) -> AsyncIterator[Environment]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        url = find_free_url()
        key = (ENVIRON["SUNSHINE_KEY_ID"], ENVIRON["SUNSHINE_KEY_SECRET"])
        webhook_url = f"{url}/webhooks/sunshine"
        simulator = SunshineSimulator(app=APP, key=key, secret=SECRET, webhook_url=webhook_url, seed=7)
        server = RecordingSimulatorServer(simulator, http)
        environ = {
            **ENVIRON,
            "SUNSHINE_API_URL": await stack.enter_async_context(serve(server)),
            "SUNSHINE_INTEGRATION_ID": BOT_INTEGRATION["integrationId"],
        }
        redis_url = await start_gateway(stack, url, flow, environ)
        yield Environment(server, simulator, await stack.enter_async_context(Redis.from_url(redis_url)))


async def hold_conversation(environment: Environment, conversation: ConversationTest) -> None:
    """Hold a conversation as a contact in the widget would, tapping quick replies where there are any."""
    for turn in conversation.turns:
        last = environment.server.list_entries(PERSON)[-1:]
        label = next(
            (
                shown_labels
                for line in last
                for known_label, shown_labels in line.choices
                if known_label == turn.payload
            ),
            "",
        )
        seen = await environment.say(turn.say or label or "yes", turn.payload if label else "")
        await environment.wait_for_entries((turn.expect.reply or ("",))[-1], seen)


@pytest.mark.long
@pytest.mark.parametrize("flow", ["kyc", "support"])
async def test_the_library_flows_run_in_zendesk_messaging(flow: str) -> None:
    conversation = ConversationTestFile.load(
        conversation_file_path(FLOW_LIBRARY / f"{flow}.json")
    ).conversations[0]
    async with running_environment(flow) as environment:
        await hold_conversation(environment, conversation)
        assert any(line.choices for line in environment.server.list_entries(PERSON))


@pytest.mark.long
async def test_control_is_passed_to_agents_and_back() -> None:
    async with running_environment("support") as environment:
        await environment.wait_for_entries("What can I do", await environment.say("hi"))
        await environment.wait_for_entries("passing you on", await environment.say("get me an agent"))
        await environment.wait_for_state("control: zd-agentWorkspace")
        assert await environment.owner() is Owner.WAITING

        await environment.say_unanswered("hello?")
        assert await environment.owner() is Owner.WAITING
        await environment.act("reply", "How can I help?")
        assert await environment.owner() is Owner.HUMAN
        await environment.say_unanswered("where is my parcel?")
        silent = len(environment.server.list_entries(PERSON))
        await environment.act("give_back")
        assert await environment.owner() is Owner.BOT
        seen = await environment.say("are you open on sundays?")
        assert seen == silent
        await environment.wait_for_entries("open", seen)


@pytest.mark.long
async def test_an_agent_who_takes_control_silences_the_bot_until_it_is_offered_back() -> None:
    async with running_environment("support") as environment:
        await environment.wait_for_entries("What can I do", await environment.say("hi"))
        await environment.act("take")
        await environment.say_unanswered("are you open on sundays?")
        await environment.act("offer")
        seen = await environment.say("are you open on sundays?")
        await environment.wait_for_entries("open", seen)

        assert environment.simulator.get_desk_status(PERSON).words == "control: bot"
        assert await environment.owner() is Owner.BOT


@pytest.mark.long
async def test_a_reply_with_a_lost_answer_is_not_sent_twice() -> None:
    async with running_environment("support") as environment:
        environment.simulator.set_faults(FaultSettings(next=(Fault.DROP_AFTER,)))
        await environment.wait_for_entries("What can I do", await environment.say("hi"))
        seen = await environment.say("are you open on sundays?")
        await environment.wait_for_entries("open", seen)

        texts = [line.text for line in environment.server.list_entries(PERSON)]
        assert sum("What can I do" in text for text in texts) == 1
