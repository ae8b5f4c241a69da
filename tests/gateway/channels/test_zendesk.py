"""Tickets through all processes: simulator, signed webhook, uvicorn, Redis, worker, simulator, agents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import time

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
from channels.zendesk.simulator.server import ZendeskSimulator
from channels.zendesk.simulator.tickets import BOT_ID, HAND_OFF_GROUP_ID, Ticket
from flows.authoring.testing import ConversationTestFile, conversation_file_path
from flows.library import FLOW_LIBRARY
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from gateway.redis.records.sessions.log.session_log import read_log
from tests.gateway.environments.surroundings import RecordingSimulatorServer, find_free_url, start_gateway

ADA, SECRET, TOKEN = "ada@example.com", "c2VjcmV0", "api-token"


class ZendeskServer(RecordingSimulatorServer):
    """The simulator's server, with the contact Ada and the agent Grace."""

    redis_url = ""

    def say_as_contact(self, text: str) -> int:
        """Send a message of Ada; return how many answers there were before."""
        seen = len(self.list_entries(ADA))
        self.send_user_message(UserMessage("zendesk", ADA, text))
        return seen

    def act_as_agent(self, move: str, text: str = "") -> None:
        """Perform a move of Grace on Ada's ticket."""
        self.run_agent_action(ADA, move, text)

    def ticket(self) -> Ticket:
        """Return Ada's ticket."""
        assert isinstance(self.simulator, ZendeskSimulator)
        ticket = self.simulator.tickets.find_open_ticket(ADA)
        assert ticket is not None
        return ticket

    async def wait_for_note(self) -> str:
        """Wait for the first internal note on Ada's ticket and return it."""
        async with asyncio.timeout(30):
            while not (notes := self._notes()):
                self.called.clear()
                await self.called.wait()
        return notes[0].text

    def _notes(self) -> list[TranscriptEntry]:
        return [line for line in self.simulator.list_messages(time(), person=ADA) if line.direction == "note"]

    async def wait_until_processed(self) -> None:
        """Wait until every webhook was accepted and no job is left."""
        await self.wait_until_idle()
        async with asyncio.timeout(30), Redis.from_url(self.redis_url) as redis, redis.pubsub() as jobs:
            await redis.config_set("notify-keyspace-events", "Kg")
            await jobs.psubscribe("__keyspace@0__:rq:job:*")
            while await redis.keys("rq:job:*"):
                await jobs.get_message(timeout=1.0)


@asynccontextmanager
async def running_environment(
    flow: str, *, by_triggers: bool = False, oauth: bool = False, workers: int = 1
) -> AsyncIterator[ZendeskServer]:
    """Start everything; stop it in reverse order."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        url = find_free_url()
        simulator = ZendeskSimulator(
            secret=SECRET,
            api_token=TOKEN,
            webhook_url=f"{url}/webhooks/zendesk",
            seed=7,
            by_triggers=by_triggers,
        )
        server = ZendeskServer(simulator, http)
        shown = {"ZENDESK_EMAIL": "bot@example.com", "ZENDESK_API_TOKEN": TOKEN}
        if oauth:
            shown = {
                "ZENDESK_OAUTH_CLIENT_ID": "c",
                "ZENDESK_OAUTH_CLIENT_SECRET": "s",
                "ZENDESK_OAUTH_REFRESH_TOKEN": simulator.admin.refresh_token,
            }
        environ = {
            "ZENDESK_API_URL": await stack.enter_async_context(serve(server)),
            "ZENDESK_WEBHOOK_SECRET": SECRET,
            "ZENDESK_BOT_USER_ID": str(BOT_ID),
            "ZENDESK_HANDOFF_GROUP_ID": str(HAND_OFF_GROUP_ID),
            **shown,
        }
        server.redis_url = await start_gateway(stack, url, flow, environ, workers=workers)
        yield server


@pytest.mark.long
@pytest.mark.parametrize(("flow", "by_triggers"), [("kyc", True), ("support", False)])
async def test_the_library_flows_run_in_tickets(flow: str, by_triggers: bool) -> None:
    conversation = ConversationTestFile.load(
        conversation_file_path(FLOW_LIBRARY / f"{flow}.json")
    ).conversations[0]
    async with running_environment(flow, by_triggers=by_triggers) as tickets:
        for turn in conversation.turns:
            seen = tickets.say_as_contact(turn.say or "yes")
            answers = await tickets.wait_for_entries((turn.expect.reply or ("",))[-1], ADA, seen)
            assert len(answers) == 1  # one comment per turn


@pytest.mark.long
async def test_an_agent_takes_the_ticket_and_returns_it() -> None:
    async with running_environment("support") as tickets:
        await tickets.wait_for_entries("What can I do", ADA, tickets.say_as_contact("hi"))
        await tickets.wait_for_entries("passing you on", ADA, tickets.say_as_contact("get me an agent"))
        assert "get me an agent" in await tickets.wait_for_note()
        ticket = tickets.ticket()
        assert (ticket.group_id, ticket.assignee_id, ticket.status) == (HAND_OFF_GROUP_ID, None, "open")

        tickets.act_as_agent("take")
        tickets.act_as_agent("reply", "How can I help?")
        await tickets.wait_until_processed()
        seen = tickets.say_as_contact("where is my parcel?")
        await tickets.wait_until_processed()
        assert len(tickets.list_entries(ADA)) == seen
        tickets.act_as_agent("give_back")
        await tickets.wait_until_processed()
        tickets.say_as_contact("are you open on sundays?")
        [answer] = await tickets.wait_for_entries("open", ADA, seen)
        assert "order number" not in answer.text


@pytest.mark.long
async def test_an_agent_who_writes_during_the_bots_update_silences_it() -> None:
    """Grace replies between the read of the ticket and its update: no webhook can be that fast."""
    async with running_environment("support") as tickets:
        simulator, handle = tickets.simulator, tickets.simulator.handle

        def handle_interrupted(
            request: SimulatorRequest, now: float
        ) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
            if request.method == "PUT" and not any(
                line.direction == "agent" for line in simulator.list_messages(now)
            ):
                tickets.act_as_agent("reply", "I have it.")
            return handle(request, now)

        simulator.handle = handle_interrupted  # type: ignore[method-assign]
        tickets.say_as_contact("hi")
        await tickets.wait_until_processed()
        tickets.say_as_contact("and now?")
        await tickets.wait_until_processed()

        assert tickets.list_entries(ADA) == []
        assert tickets.ticket().tags == []


@pytest.mark.long
async def test_an_update_with_a_lost_answer_is_not_repeated() -> None:
    async with running_environment("support") as tickets:
        tickets.simulator.set_faults(FaultSettings(next=(Fault.DROP_AFTER,)))
        tickets.say_as_contact("hi")
        await tickets.wait_until_processed()
        tickets.simulator.set_faults(FaultSettings(next=(Fault.ERROR_AFTER,)))
        tickets.say_as_contact("yes")
        await tickets.wait_until_processed()
        await tickets.wait_for_entries("Opening hours", ADA, tickets.say_as_contact("nonsense"))

        assert ["What can I do" in line.text for line in tickets.list_entries(ADA)][:2] == [True, False]
        assert len(tickets.list_entries(ADA)) == 3


@pytest.mark.long
async def test_a_follow_up_ticket_continues_the_closed_tickets_dialog() -> None:
    async with running_environment("support") as tickets:
        await tickets.wait_for_entries("What can I do", ADA, tickets.say_as_contact("hi"))
        await tickets.wait_for_entries("order number", ADA, tickets.say_as_contact("where is my parcel?"))
        closed = tickets.ticket()
        tickets.act_as_agent("close")
        await tickets.wait_until_processed()
        seen = tickets.say_as_contact("12345678")
        [answer] = await tickets.wait_for_entries("", ADA, seen)

        assert answer.ours == str(tickets.ticket().id) != str(closed.id)
        assert "What can I do" not in answer.text
        async with Redis.from_url(tickets.redis_url) as redis:
            entries = await read_log(redis, f"zendesk:127.0.0.1:{answer.ours}")
        before = f"zendesk:127.0.0.1:{closed.id}"
        assert any(entry.data.get("goes_on_from") == before for entry in entries)


@pytest.mark.long
async def test_two_workers_share_single_use_tokens() -> None:
    async with running_environment("support", oauth=True, workers=2) as tickets:
        for number in range(12):
            tickets.send_user_message(UserMessage("zendesk", f"person{number}@example.com", "hi"))
        await tickets.wait_until_processed()

        assert isinstance(tickets.simulator, ZendeskSimulator)
        assert tickets.simulator.admin.grant_count == 1
        assert (
            len([line for line in tickets.simulator.list_messages(time()) if line.direction == "out"]) == 12
        )
