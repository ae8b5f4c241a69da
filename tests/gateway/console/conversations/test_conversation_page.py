"""Page of one conversation: replay of a lost reply through the gate, and the flow drawn with its path."""

from __future__ import annotations

import os
import re
from pathlib import Path
from time import time

import pytest
from redis.asyncio import Redis

from core.errors import Rejected
from core.model import (
    ContactCard,
    DeliveryStatus,
    FailureKind,
    Order,
    OrderItem,
    Owner,
    StatusChanged,
    TurnReceived,
)
from flows.document import Flow
from flows.engine import DialogMachine
from flows.library import __file__ as library_file
from flows.llm import ScriptedModel, TransitionDecision
from gateway.console.conversations.transcript import build_transcript
from gateway.console.flows.flow_drawings import FlowDrawings, VisitedNodes
from gateway.redis.inbox.message_entry import message_entry
from gateway.redis.records.operators.audit_log import AuditLog
from gateway.redis.records.sessions.dead_letters import DeadLetters
from gateway.redis.records.sessions.log.session_log import LogEntry
from tests.fakes import build_turn
from tests.gateway.console.console_client import FLOW, open_console, open_history
from tests.gateway.console.conversations.conversation_pages import open_first
from tests.gateway.environments.inbound import InboundGateway

SESSION = "fake:1"
KYC = Path(library_file).parent / "kyc.json"
BUTTON = re.compile(r'name="entry" value="([0-9-]+)"')


def build_path(*nodes: str, began_ms: int = 0, ended_ms: int = 0) -> VisitedNodes:
    """Return a path, by default one of before all versions that are known."""
    return VisitedNodes(nodes, began_ms, ended_ms)


async def lose_reply(gateway: InboundGateway, *, is_dead: bool) -> None:
    """Answer a message whose reply becomes a dead letter, or is reported as not delivered."""
    if is_dead:
        gateway.channel.planned_failures = [(Rejected("no such number"), False)]
    await gateway.receive([TurnReceived(turn=build_turn(1))], SESSION)
    if not is_dead:
        await gateway.inbox.accept(
            [
                StatusChanged(
                    channel="fake",
                    provider_id="P1",
                    status=DeliveryStatus.FAILED,
                    failure=FailureKind.PERMANENT,
                )
            ]
        )


@pytest.mark.parametrize("is_dead", [True, False], ids=["dead", "undelivered"])
async def test_a_lost_reply_is_sent_again_once(redis: Redis, is_dead: bool) -> None:
    gateway = InboundGateway(redis, ["fake"])
    await lose_reply(gateway, is_dead=is_dead)
    sent = len(gateway.channel.sent_replies)
    async with open_console(redis) as http:
        path, page = await open_first(http)
        [entry] = BUTTON.findall(page.text)
        first = await http.post(f"{path}/resend", data={"entry": entry})
        await http.post(f"{path}/resend", data={"entry": entry})
        await gateway.processor.run(SESSION)
        foreign = await http.post(f"{path}/resend", data={"entry": "1-1"})
    async with open_console(redis, "viewer") as http:
        hidden = await http.get(path)
    await gateway.mailbox.aclose()

    assert "will be sent again" in first.text
    assert len(gateway.channel.sent_replies) == sent + 1, "two clicks send once"
    assert not any(each.reply for each in await DeadLetters(redis).list_newest())
    assert "not done" in foreign.text
    assert "Send again" not in hidden.text
    acts = [(each.act, each.who) for each in await AuditLog(redis).latest(3)]
    assert acts == [("resend", "ops")] * 3


@pytest.mark.parametrize("reason", ["opted_out", "person"])
async def test_the_gate_decides_whether_a_reply_may_be_sent_again(redis: Redis, reason: str) -> None:
    gateway = InboundGateway(redis, ["fake"])
    await lose_reply(gateway, is_dead=False)
    field, value = ("optout", "1") if reason == "opted_out" else ("owner", Owner.HUMAN.value)
    await redis.hset("tg:{fake:1}", field, value)
    sent = len(gateway.channel.sent_replies)
    async with open_console(redis) as http:
        path, page = await open_first(http)
        answer = await http.post(f"{path}/resend", data={"entry": BUTTON.findall(page.text)[0]})
    await gateway.processor.run(SESSION)
    await gateway.mailbox.aclose()

    assert "The reply was not sent" in answer.text
    assert len(gateway.channel.sent_replies) == sent


async def test_the_flow_is_drawn_with_the_visited_path_and_the_present_node(redis: Redis) -> None:
    drawings = FlowDrawings(open_history(redis, KYC))
    drawn = await drawings.draw(
        "fake", build_path("ask_last_four", "unknown_node", "ask_date_of_birth", "confirm")
    )

    assert drawn.count('<g class="now">') == 1
    assert '<g class="now"><title>confirm' in drawn
    assert '<g class="visited"><title>identity' in drawn
    assert drawn.count('<path class="visited" d=') == 1
    assert "<script" not in drawn
    assert await drawings.draw("fake", build_path("a node of another flow")) == ""
    assert await FlowDrawings(open_history(redis, Path("nowhere.yaml"))).draw("fake", build_path("a")) == ""


async def test_a_path_that_no_known_version_led_is_named(redis: Redis, tmp_path: Path) -> None:
    """It is older than the versions that are recorded."""
    file = tmp_path / "flow.json"
    file.write_bytes(KYC.read_bytes())
    os.utime(file, (1_000, 1_000))
    drawings = FlowDrawings(open_history(redis, file))
    visited = ("ask_last_four", "confirm")

    assert await drawings.describe("fake", build_path(*visited, began_ms=2_000_000)) == (True, "")
    is_drawn, words = await drawings.describe("fake", build_path(*visited, began_ms=999_000))
    assert is_drawn
    assert "was changed on" in words
    is_drawn, words = await drawings.describe(
        "fake", build_path("gone", *visited, "gone", began_ms=2_000_000)
    )
    assert "does not have gone any more" in words
    assert await drawings.describe("fake", build_path()) == (False, "")
    nowhere = FlowDrawings(open_history(redis, Path("nowhere.yaml")))
    assert "cannot be loaded" in (await nowhere.describe("fake", build_path("a")))[1]


async def test_a_former_path_is_drawn_through_the_flow_of_its_time(redis: Redis, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    file.write_bytes(KYC.read_bytes())
    history = open_history(redis, file)
    await history.record()
    visited = build_path("ask_last_four", "confirm", ended_ms=int(time() * 1000))
    before = await FlowDrawings(history).draw("fake", visited)
    file.write_bytes((KYC.parent / "support.json").read_bytes())
    other_process = FlowDrawings(open_history(redis, file))
    await history.record()

    is_drawn, words = await other_process.describe("fake", visited)
    assert is_drawn
    assert "It is drawn as it was then: since" in words
    assert await other_process.draw("fake", visited) == before
    await redis.delete("tg:flow_documents:default")
    is_drawn, words = await other_process.describe("fake", visited)
    assert not is_drawn
    assert "its document of then is not kept" in words
    assert await other_process.draw("fake", visited) == ""


async def test_the_timeline_says_why_an_edge_was_taken_what_was_called_and_what_it_cost(redis: Redis) -> None:
    """A model chooses an edge of the flow that the console has, too; the action of the next node fails."""
    chosen = TransitionDecision(
        "order_number_given", {"order_number": "HL-123456"}, tokens=4_000, model="openai/x"
    )
    machine = DialogMachine(Flow.load(FLOW), ScriptedModel([chosen]))
    gateway = InboundGateway(redis, ["fake"], dialog=machine)
    for number, text in enumerate(("hi", "something that no rule reads")):
        await gateway.receive([TurnReceived(turn=build_turn(number, text=text))], SESSION)
    await gateway.mailbox.aclose()
    async with open_console(redis) as http:
        _, page = await open_first(http)

    [line] = re.findall(r"<strong>Answer and state saved in one step</strong><p[^>]*>([^<]*)", page.text)
    for words in (
        "model openai/x",
        "tokens 4000",
        "cost 0.01 EUR",
        "called look_up (failed)",
        "because: The customer gives the order number",
    ):
        assert words in line


async def test_the_page_says_that_the_flow_has_changed(redis: Redis) -> None:
    gateway = InboundGateway(
        redis, ["fake"], dialog=DialogMachine(Flow.load(Path(library_file).parent / "kyc.json"), "rules")
    )
    await gateway.receive([TurnReceived(turn=build_turn(1))], SESSION)
    await gateway.mailbox.aclose()
    async with open_console(redis) as http:
        _, page = await open_first(http)

    assert "The flow has changed since: it does not have" in page.text


def test_a_place_and_a_form_are_in_the_transcript() -> None:
    shared = {
        "place": "Park\nReed St 4\n47.5\n19.04",
        "form": '{"size": "M", "days": ["Mon"], "note": "<b>"}',
    }
    entry = LogEntry(
        id="1-0", at_ms=1, kind="accepted", data={"turn": "M1", "text": "", "files": 0, **shared}
    )
    [line] = build_transcript([entry], "Ada")

    assert line.extras == ["Park, Reed St 4, 47.5, 19.04", "size: M", 'days: ["Mon"]', "note: <b>"]


def test_contact_cards_and_orders_are_in_the_transcript() -> None:
    cards = [ContactCard(name="Bob", phones=("+1 202-555-0190",)), ContactCard(name="Eve")]
    order = Order(items=(OrderItem(product_id="sku1", quantity=2), OrderItem(product_id="sku2")))
    turn = build_turn(1).model_copy(update={"text": "", "contacts": tuple(cards), "order": order})
    entry = LogEntry(id="1-0", at_ms=1, kind="accepted", data=message_entry(TurnReceived(turn=turn)))
    [line] = build_transcript([entry], "Ada")

    assert line.extras == ["Bob, +1 202-555-0190", "Eve", "2 × sku1", "? × sku2"]
