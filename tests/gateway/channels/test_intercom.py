"""The library's flows in Intercom with agents: simulator, webhook, uvicorn, Redis, worker, simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import time
from typing import Any

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
from gateway.config.settings import FLOW_LIBRARY
from gateway.http.clients import provider_client
from gateway.local.simulator_server import serve
from tests.channels.intercom.builders import APP, ENVIRON, SECRET, TOKEN
from tests.gateway.surroundings import RecordingSimulatorServer, find_free_url, start_gateway

PERSON = "+15550190"


class Interrupting(IntercomSimulator):
    """An agent replies while the bot's first comment is still being answered."""

    interrupts = True
    is_told = True

    def handle(
        self, request: SimulatorRequest, now: float
    ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
        answer, deliveries = super().handle(request, now)
        if self.interrupts and request.url.endswith("/reply"):
            self.interrupts = False
            told = self.run_agent_action(PERSON, "reply_and_assign", "I am here.", now)
            deliveries += told if self.is_told else []
        return answer, deliveries


class Unheard(Interrupting):
    """The webhook about the agent's reply is lost."""

    is_told = False


class Desk:
    """A gateway and the simulated Intercom."""

    def __init__(self, server: RecordingSimulatorServer, simulator: IntercomSimulator, redis: Redis) -> None:
        self.server = server
        self.simulator = simulator
        self.redis = redis

    async def say(self, text: str, button: str = "") -> None:
        """Send a message of the contact; wait until the gateway has accepted it."""
        self.server.send_user_message(UserMessage("intercom", PERSON, text, button=button))
        await self.server.wait_until_idle()

    async def say_in_vain(self, text: str) -> None:
        """Send a message that a worker must decide not to answer."""
        log = f"tg:{{intercom:{APP}:{self.simulator.get_desk_status(PERSON).thread}}}:log"
        last: Any = (await self.redis.xinfo_stream(log))["last-generated-id"]
        await self.say(text)
        async with asyncio.timeout(30):
            while True:
                told: Any = await self.redis.xread({log: last}, block=30_000)
                [[_, entries]] = told
                last = entries[-1][0]
                if any(b"silent_" in fields[b"d"] for _, fields in entries):
                    return

    async def act(self, move: str, text: str = "") -> None:
        """Perform an agent's move; wait until the gateway has accepted its webhooks."""
        self.server.run_agent_action(PERSON, move, text)
        await self.server.wait_until_idle()

    async def until(self, words: str, seen: int = 0) -> list[TranscriptEntry]:
        return await self.server.wait_for_entries(words, PERSON, seen)

    def heard(self) -> list[str]:
        """Return the bot's texts; quick replies have none."""
        return [line.text for line in self.server.list_entries(PERSON) if line.text]

    def notes(self) -> list[str]:
        return [line.text for line in self.server.list_entries(PERSON, "note")]

    async def until_it_is(self, words: str) -> None:
        """Wait until the conversation has the described state."""
        async with asyncio.timeout(30):
            while self.simulator.get_desk_status(PERSON).words != words:
                self.server.called.clear()
                await self.server.called.wait()


@asynccontextmanager
async def desk(
    flow: str, kind: type[IntercomSimulator] = IntercomSimulator, **changed: str
) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        url = find_free_url()
        webhook_url = f"{url}/webhooks/intercom"
        simulator = kind(client_secret=SECRET, access_token=TOKEN, webhook_url=webhook_url, seed=7)
        server = RecordingSimulatorServer(simulator, http)
        api_url = await stack.enter_async_context(serve(server))
        redis_url = await start_gateway(stack, url, flow, {**ENVIRON, "INTERCOM_API_URL": api_url, **changed})
        yield Desk(server, simulator, await stack.enter_async_context(Redis.from_url(redis_url)))


async def hold(around: Desk, conversation: ConversationTest) -> None:
    """Hold a conversation as a contact in the Messenger would, tapping quick replies where there are any."""
    for turn in conversation.turns:
        text = turn.say or "Yes"
        offered = [choice for line in around.server.list_entries(PERSON)[-1:] for choice in line.choices]
        uuid = next((known for known, label in offered if label == text), "")
        seen = len(around.heard())
        await around.say(text, uuid)
        for words in turn.expect.reply or ("",):
            await around.until(words, seen)
        if turn.expect.choices:
            async with asyncio.timeout(30):
                while not around.server.list_entries(PERSON)[-1].choices:
                    around.server.called.clear()
                    await around.server.called.wait()


@pytest.mark.parametrize("flow", ["kyc", "support"])
async def test_the_library_flows_run_in_intercom(flow: str) -> None:
    conversation = ConversationTestFile.load(
        conversation_file_path(FLOW_LIBRARY / f"{flow}.json")
    ).conversations[0]
    async with desk(flow) as around:
        around.simulator.set_faults(FaultSettings(webhooks_twice=1.0))
        await hold(around, conversation)

        assert any(line.choices for line in around.server.list_entries(PERSON))
        assert len(set(around.heard())) == len(around.heard())


async def test_a_completed_flow_closes_the_conversation_and_a_message_reopens_it() -> None:
    conversation = ConversationTestFile.load(conversation_file_path(FLOW_LIBRARY / "kyc.json")).conversations[
        0
    ]
    async with desk("kyc", INTERCOM_CLOSE="yes") as around:
        await hold(around, conversation)
        await around.until_it_is("closed, assigned to nobody")
        seen = len(around.heard())
        await around.say("one more thing")
        await around.until("", seen)

        assert around.simulator.get_desk_status(PERSON).words.startswith("open")


async def test_a_conversation_is_handed_to_agents_and_returned() -> None:
    async with desk("support") as around:
        await around.say("hi")
        await around.until("What can I do for you?")
        await around.say("this is useless, get me an agent")
        await around.until("passing you on")
        await around.until_it_is("open, assigned to a team and nobody")
        said_before = len(around.heard())
        await around.say_in_vain("hello?")
        await around.act("reply_and_assign", "Hi, I am Grace.")
        await around.say_in_vain("are you open on sundays?")
        await around.act("note", "a kind customer")
        await around.say_in_vain("thanks")
        await around.act("give_back")
        await around.say("do you take visa?")
        await around.until("What else can I do for you?", said_before)

        assert "by card" in around.heard()[said_before]
        [note, *_] = around.notes()
        assert "get me an agent" in note
        await around.act("note", "/bot off")
        said_before = len(around.heard())
        await around.say_in_vain("are you open on sundays?")
        await around.act("reply_and_close", "Bye!")
        await around.say("how much is delivery")
        await around.until("free from 40 euros", said_before)
        assert "within one working day" in around.heard()[said_before]


@pytest.mark.parametrize("kind", [Interrupting, Unheard])
async def test_an_agents_reply_between_two_parts_silences_the_rest(
    kind: type[IntercomSimulator],
) -> None:
    async with desk("support", kind) as around:
        around.simulator.set_faults(FaultSettings(answer_delay=1.0))
        await around.say("hi")
        await around.until("What can I do for you?")
        around.simulator.set_faults(FaultSettings())
        await around.act("give_back")
        await around.say("do you take visa?")
        await around.until("by card")

        assert not any(line.choices for line in around.server.list_entries(PERSON)[:1])
        assert [text.partition(".")[0] for text in around.heard()][1].startswith("You can pay by card")


async def test_an_accepted_send_without_an_answer_is_not_repeated() -> None:
    async with desk("support") as around:
        around.simulator.set_faults(FaultSettings(next=(Fault.DROP_AFTER, Fault.NONE)))
        await around.say("hi")
        await around.until("What can I do for you?")
        around.simulator.set_faults(
            FaultSettings(next=(Fault.NONE, Fault.DROP_AFTER, Fault.SERVER_ERROR, Fault.ERROR_AFTER))
        )
        await around.say("this is useless, get me an agent")
        await around.until_it_is("open, assigned to a team and nobody")
        await around.act("give_back")
        seen = len(around.heard())
        await around.say("do you take visa?")
        await around.until("by card", seen)

        assert sum("What can I do for you?" in text for text in around.heard()) == 1
        assert sum("get me an agent" in note for note in around.notes()) == 1


async def test_a_question_on_the_home_card_starts_the_flow() -> None:
    async with desk("support") as around, httpx.AsyncClient(trust_env=False) as http:
        card = around.simulator.press_card_button(PERSON, "open", time())
        ask = around.simulator.press_card_button(PERSON, "ask", time(), question="do you take visa?")
        answers = [
            await http.post(each.url, content=each.body, headers=dict(each.headers)) for each in (card, ask)
        ]
        forged = await http.post(ask.url, content=ask.body, headers={"x-body-signature": "00"})
        await around.until("by card")

        assert [answer.headers["content-type"] for answer in answers] == ["application/json"] * 2
        assert [each["id"] for each in answers[0].json()["canvas"]["content"]["components"]] == [
            "title",
            "question",
            "ask",
        ]
        assert "Thank you" in answers[1].text
        assert forged.status_code == 401
        assert [line.text for line in around.server.list_entries(PERSON, "in")] == ["do you take visa?"]


async def test_a_deleted_conversation_with_waiting_turns_ends_without_errors() -> None:
    async with desk("kyc") as around:
        await around.say("hi")
        await around.until("last four digits")
        thread = around.simulator.get_desk_status(PERSON).thread
        await around.act("delete")
        await around.say("hi again")
        await around.until("last four digits", 1)

        assert around.simulator.get_desk_status(PERSON).thread != thread
        assert sum("last four digits" in text for text in around.heard()) == 2
