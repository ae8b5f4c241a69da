"""The library's flows in Intercom with agents: simulator, webhook, uvicorn, Redis, worker, simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import time

import httpx
import pytest
from redis.asyncio import Redis

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
)
from channels.intercom.simulator.server import IntercomSimulator
from flows.authoring.testing import ConversationTestFile, conversation_file_path
from flows.authoring.testing.test_file import ConversationTest
from flows.library import FLOW_LIBRARY
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from tests.channels.intercom.builders import APP, ENVIRON, SECRET, TOKEN
from tests.gateway.environments.surroundings import (
    RecordingSimulatorServer,
    expect_unanswered,
    find_free_url,
    start_gateway,
)

PERSON = "+15550190"


class InterruptingSimulator(IntercomSimulator):
    """An agent replies while the bot's first comment is still being answered."""

    interrupts = True
    is_told = True

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        answer, deliveries = super().handle(request, now)
        if self.interrupts and request.url.endswith("/reply"):
            self.interrupts = False
            message_count = self.run_agent_action(PERSON, "reply_and_assign", "I am here.", now)
            deliveries += message_count if self.is_told else []
        return answer, deliveries


class WebhookLosingSimulator(InterruptingSimulator):
    """The webhook about the agent's reply is lost."""

    is_told = False


class Environment:
    """A gateway and the simulated Intercom."""

    def __init__(self, server: RecordingSimulatorServer, simulator: IntercomSimulator, redis: Redis) -> None:
        self.server = server
        self.simulator = simulator
        self.redis = redis

    async def say(self, text: str, button: str = "") -> None:
        """Send a message of the contact; wait until the gateway has accepted it."""
        self.server.send_user_message(UserMessage("intercom", PERSON, text, button=button))
        await self.server.wait_until_idle()

    async def say_unanswered(self, text: str) -> None:
        """Send a message that a worker must decide not to answer."""
        session = f"intercom:{APP}:{self.simulator.get_desk_status(PERSON).thread}"
        async with expect_unanswered(self.redis, session):
            await self.say(text)

    async def act(self, move: str, text: str = "") -> None:
        """Perform an agent's move; wait until the gateway has accepted its webhooks."""
        self.server.run_agent_action(PERSON, move, text)
        await self.server.wait_until_idle()

    async def wait_for_entries(self, text: str, seen: int = 0) -> list[TranscriptEntry]:
        return await self.server.wait_for_entries(text, PERSON, seen)

    def list_received(self) -> list[str]:
        """Return the bot's texts; quick replies have none."""
        return [line.text for line in self.server.list_entries(PERSON) if line.text]

    def list_notes(self) -> list[str]:
        return [line.text for line in self.server.list_entries(PERSON, "note")]

    async def wait_for_state(self, text: str) -> None:
        """Wait until the conversation has the described state."""
        async with asyncio.timeout(30):
            while self.simulator.get_desk_status(PERSON).words != text:
                self.server.called.clear()
                await self.server.called.wait()


@asynccontextmanager
async def running_environment(
    flow: str, kind: type[IntercomSimulator] = IntercomSimulator, **changed: str
) -> AsyncIterator[Environment]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        url = find_free_url()
        webhook_url = f"{url}/webhooks/intercom"
        simulator = kind(client_secret=SECRET, access_token=TOKEN, webhook_url=webhook_url, seed=7)
        server = RecordingSimulatorServer(simulator, http)
        api_url = await stack.enter_async_context(serve(server))
        redis_url = await start_gateway(stack, url, flow, {**ENVIRON, "INTERCOM_API_URL": api_url, **changed})
        yield Environment(server, simulator, await stack.enter_async_context(Redis.from_url(redis_url)))


async def hold_conversation(environment: Environment, conversation: ConversationTest) -> None:
    """Hold a conversation as a contact in the Messenger would, tapping quick replies where there are any."""
    for turn in conversation.turns:
        text = turn.say or "Yes"
        offered = [choice for line in environment.server.list_entries(PERSON)[-1:] for choice in line.choices]
        uuid = next((choice_id for choice_id, label in offered if label == text), "")
        seen = len(environment.list_received())
        await environment.say(text, uuid)
        for expected in turn.expect.reply or ("",):
            await environment.wait_for_entries(expected, seen)
        if turn.expect.choices:
            async with asyncio.timeout(30):
                while not environment.server.list_entries(PERSON)[-1].choices:
                    environment.server.called.clear()
                    await environment.server.called.wait()


@pytest.mark.long
@pytest.mark.parametrize("flow", ["kyc", "support"])
async def test_the_library_flows_run_in_intercom(flow: str) -> None:
    conversation = ConversationTestFile.load(
        conversation_file_path(FLOW_LIBRARY / f"{flow}.json")
    ).conversations[0]
    async with running_environment(flow) as environment:
        environment.simulator.set_faults(FaultSettings(webhooks_twice=1.0))
        await hold_conversation(environment, conversation)

        assert any(line.choices for line in environment.server.list_entries(PERSON))
        assert len(set(environment.list_received())) == len(environment.list_received())


@pytest.mark.long
async def test_a_completed_flow_closes_the_conversation_and_a_message_reopens_it() -> None:
    conversation = ConversationTestFile.load(conversation_file_path(FLOW_LIBRARY / "kyc.json")).conversations[
        0
    ]
    async with running_environment("kyc", INTERCOM_CLOSE="yes") as environment:
        await hold_conversation(environment, conversation)
        await environment.wait_for_state("closed, assigned to nobody")
        seen = len(environment.list_received())
        await environment.say("one more thing")
        await environment.wait_for_entries("", seen)

        assert environment.simulator.get_desk_status(PERSON).words.startswith("open")


@pytest.mark.long
async def test_a_conversation_is_handed_to_agents_and_returned() -> None:
    async with running_environment("support") as environment:
        await environment.say("hi")
        await environment.wait_for_entries("What can I do for you?")
        await environment.say("this is useless, get me an agent")
        await environment.wait_for_entries("passing you on")
        await environment.wait_for_state("open, assigned to a team and nobody")
        said_before = len(environment.list_received())
        await environment.say_unanswered("hello?")
        await environment.act("reply_and_assign", "Hi, I am Grace.")
        await environment.say_unanswered("are you open on sundays?")
        await environment.act("note", "a kind customer")
        await environment.say_unanswered("thanks")
        await environment.act("give_back")
        await environment.say("do you take visa?")
        await environment.wait_for_entries("What else can I do for you?", said_before)

        assert "by card" in environment.list_received()[said_before]
        [note, *_] = environment.list_notes()
        assert "get me an agent" in note
        await environment.act("note", "/bot off")
        said_before = len(environment.list_received())
        await environment.say_unanswered("are you open on sundays?")
        await environment.act("reply_and_close", "Bye!")
        await environment.say("how much is delivery")
        await environment.wait_for_entries("free from 40 euros", said_before)
        assert "within one working day" in environment.list_received()[said_before]


@pytest.mark.long
@pytest.mark.parametrize("kind", [InterruptingSimulator, WebhookLosingSimulator])
async def test_an_agents_reply_between_two_parts_silences_the_rest(
    kind: type[IntercomSimulator],
) -> None:
    async with running_environment("support", kind) as environment:
        environment.simulator.set_faults(FaultSettings(answer_delay=1.0))
        await environment.say("hi")
        await environment.wait_for_entries("What can I do for you?")
        environment.simulator.set_faults(FaultSettings())
        await environment.act("give_back")
        await environment.say("do you take visa?")
        await environment.wait_for_entries("by card")

        assert not any(line.choices for line in environment.server.list_entries(PERSON)[:1])
        assert [text.partition(".")[0] for text in environment.list_received()][1].startswith(
            "You can pay by card"
        )


@pytest.mark.long
async def test_an_accepted_send_without_an_answer_is_not_repeated() -> None:
    async with running_environment("support") as environment:
        environment.simulator.set_faults(FaultSettings(next=(Fault.DROP_AFTER, Fault.NONE)))
        await environment.say("hi")
        await environment.wait_for_entries("What can I do for you?")
        environment.simulator.set_faults(
            FaultSettings(next=(Fault.NONE, Fault.DROP_AFTER, Fault.SERVER_ERROR, Fault.ERROR_AFTER))
        )
        await environment.say("this is useless, get me an agent")
        await environment.wait_for_state("open, assigned to a team and nobody")
        await environment.act("give_back")
        seen = len(environment.list_received())
        await environment.say("do you take visa?")
        await environment.wait_for_entries("by card", seen)

        assert sum("What can I do for you?" in text for text in environment.list_received()) == 1
        assert sum("get me an agent" in note for note in environment.list_notes()) == 1


@pytest.mark.long
async def test_a_question_on_the_home_card_starts_the_flow() -> None:
    async with running_environment("support") as environment, httpx.AsyncClient(trust_env=False) as http:
        card = environment.simulator.press_card_button(PERSON, "open", time())
        ask = environment.simulator.press_card_button(PERSON, "ask", time(), question="do you take visa?")
        answers = [
            await http.post(each.url, content=each.body, headers=dict(each.headers)) for each in (card, ask)
        ]
        forged = await http.post(ask.url, content=ask.body, headers={"x-body-signature": "00"})
        await environment.wait_for_entries("by card")

        assert [answer.headers["content-type"] for answer in answers] == ["application/json"] * 2
        assert [each["id"] for each in answers[0].json()["canvas"]["content"]["components"]] == [
            "title",
            "question",
            "ask",
        ]
        assert "Thank you" in answers[1].text
        assert forged.status_code == 401
        assert [line.text for line in environment.server.list_entries(PERSON, "in")] == ["do you take visa?"]


@pytest.mark.long
async def test_a_deleted_conversation_with_waiting_turns_ends_without_errors() -> None:
    async with running_environment("kyc") as environment:
        await environment.say("hi")
        await environment.wait_for_entries("last four digits")
        thread = environment.simulator.get_desk_status(PERSON).thread
        await environment.act("delete")
        await environment.say("hi again")
        await environment.wait_for_entries("last four digits", 1)

        assert environment.simulator.get_desk_status(PERSON).thread != thread
        assert sum("last four digits" in text for text in environment.list_received()) == 2
