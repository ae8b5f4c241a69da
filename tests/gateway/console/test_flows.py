"""The flows in use, and the chat with one of them, in the console."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from core.model import TurnReceived
from flows import DialogMachine, Flow
from flows.authoring.scaffold import create_flow
from flows.llm import Model, ScriptedModel, TransitionDecision, create_model
from gateway.console.flows import chat as flow_chat
from gateway.console.flows.chat import FlowChatPage
from gateway.console.flows.files import FlowFiles
from gateway.console.flows.history import FlowHistory
from gateway.console.flows.pages import FlowPages
from gateway.local.http_server import serve
from gateway.redis.records.operators.audit_log import AuditLog
from gateway.redis.records.operators.flow_versions import FlowVersions
from gateway.redis.records.operators.trial_chats import CHAT_SECONDS
from tests.fakes import build_turn
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.console.console_client import KEYS
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.server.test_operator_auth import NAMED, build_bearer

CHAT = "/console/flows/default/chat"


@pytest.fixture
def flow_file(tmp_path: Path) -> Path:
    path, _ = create_flow(str(tmp_path / "shop"), "support")
    return path


@asynccontextmanager
async def open_flows(
    redis: Redis, flow: Path, role: str = "operator", model: Model | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    rule, files = build_operator_auth(redis, named=NAMED), FlowFiles(flow, {"twilio/shop": "kyc"})
    chat = FlowChatPage(rule, files, lambda: model or create_model("rules"))
    history = FlowHistory(files, FlowVersions(redis))
    app = Starlette(routes=[*FlowPages(rule, history).routes(), *chat.routes()])
    async with (
        serve(app) as url,
        httpx.AsyncClient(
            base_url=url,
            trust_env=False,
            follow_redirects=True,
            headers={**build_bearer(KEYS[role]), "Sec-Fetch-Site": "same-origin"},
        ) as http,
    ):
        yield http


async def say(http: httpx.AsyncClient, text: str, turn: int, **fields: str) -> str:
    page = await http.post(CHAT, data={"turn": str(turn), "text": text, **fields})
    assert page.status_code == 200
    return page.text


async def test_the_flows_in_use_are_listed_with_findings_versions_and_drawing(
    redis: Redis, flow_file: Path
) -> None:
    async with open_flows(redis, flow_file, "viewer") as http:
        before = (await http.get("/console/flows")).text
        drawing = await http.get("/console/flows/default/drawing.svg")
        await asyncio.to_thread(flow_file.write_text, "nodes: <5>", encoding="utf-8")
        after = (await http.get("/console/flows")).text
        gone = await http.get("/console/flows/default/drawing.svg")
        [former] = re.findall(r'href="(/console/flows/default/versions/[0-9a-f]{12}\.svg)"', after)
        redrawn = await http.get(former)
        unknown = await http.get("/console/flows/default/versions/0123456789ab.svg")

    assert "shop.yaml" in before
    assert "twilio/shop" in before
    assert "twilio and zendesk have no buttons" in before
    assert "Chat with it" not in before, "a viewer tries nothing out"
    first, second = (re.findall(r"<code>([0-9a-f]{12})</code> since", page) for page in (before, after))
    assert second[1:] == first, "the new version stands before the old one"
    assert ElementTree.fromstring(drawing.text).tag.endswith("svg")
    assert "script" not in drawing.headers["content-security-policy"]
    assert "Invalid: the last valid version stays in use" in after
    assert "&lt;5&gt;" in after
    assert gone.status_code == unknown.status_code == 404
    assert redrawn.text == drawing.text, "the former version is drawn as it was"
    assert redrawn.headers["content-security-policy"] == drawing.headers["content-security-policy"]


async def test_the_page_shows_how_many_reached_each_node_and_went_on(redis: Redis, flow_file: Path) -> None:
    """Of three people one only says hello, and two ask for their order, of whom one gives its number."""
    machine = DialogMachine(Flow.load(flow_file), "rules")
    gateway = InboundGateway(redis, ["fake", "twilio/shop"], dialog=machine)
    conversations = {
        "a": ["hi"],
        "b": ["hi", "where is my order?"],
        "c": ["hi", "where is my order?", "AB-1234"],
    }
    for session, texts in conversations.items():
        for number, text in enumerate(texts):
            await gateway.receive(
                [TurnReceived(turn=build_turn(number, f"fake:{session}", text))], f"fake:{session}"
            )
    await gateway.mailbox.aclose()
    async with open_flows(redis, flow_file, "viewer") as http:
        page = (await http.get("/console/flows")).text

    rows = re.findall(r"<code>(\w+)</code>[^<]*(?:<small>end</small>)?</td>.*?</tr>", page, re.DOTALL)
    cells = {row: re.search(rf"<code>{row}</code>.*?</tr>", page, re.DOTALL) for row in rows}
    numbers = {
        row: re.findall(r">([0-9]+)(?: \(\d+ %\))?</td>", found[0]) for row, found in cells.items() if found
    }
    assert numbers["start"] == ["3", "2", "1"]
    assert numbers["tracking"][:1] == ["2"]
    assert "Not reached: " in page
    assert page.count("No conversation went through this flow") == 1, "the flow of twilio/shop"
    [day] = [key async for key in redis.scan_iter("tg:flow_traffic:*")]
    assert 0 < await redis.ttl(day) <= 8 * 86_400


async def test_the_last_twenty_versions_are_kept_with_their_documents(redis: Redis) -> None:
    versions = FlowVersions(redis)
    await versions.record("default", "old", "")
    await versions.record("default", "old", "document")  # by a release that stores documents
    for number in range(22):
        await versions.record("default", f"d{number}", f"document {number}" if number else "x" * 9)
    await versions.record("default", "big", random.Random(1).randbytes(800_000).hex())

    read = await versions.read("default")
    assert [each.digest for each in read[:2]] == ["big", "d21"]
    assert len(read) == 20
    assert [each.digest for each in read if not each.is_stored] == ["big"]
    assert await versions.read_document("default", "d21") == "document 21"
    assert await versions.read_document("default", "old") == ""
    assert await redis.hlen("tg:flow_documents:default") == 19
    assert 0 < await redis.ttl("tg:flow_documents:default") <= 365 * 86_400


async def test_a_chat_shows_what_came_of_each_message_and_sends_nothing(
    redis: Redis, flow_file: Path
) -> None:
    async with open_flows(redis, flow_file) as http, open_flows(redis, flow_file) as other_process:
        assert "The bot greets when you begin." in (await http.get(CHAT)).text
        begun = await say(http, "", 0)
        page = await say(http, "where is <b>my order</b>?", 1)
        drawing = ElementTree.fromstring((await http.get(f"{CHAT}/drawing.svg")).text)
        failed = await say(other_process, "AB-1234", 2)
        await http.post(CHAT, data={"act": "restart"})
        await say(http, "", 0)
        chosen = await say(http, "", 1, choice="Track my order")
        found = await say(http, "AB-1234", 2, calls="succeed")

    assert 'value="Track my order"' in begun
    assert "where is &lt;b&gt;my order&lt;/b&gt;?" in page
    assert "<code>tracking</code> <small>(ask_order_number)</small>" in page
    assert "<code>tracking_chosen</code> to <code>tracking</code>" in page
    assert "its guard is true" in page
    marks = {each.get("class"): each[0].text for each in drawing.iter("{http://www.w3.org/2000/svg}g")}
    assert str(marks["now"]).startswith("tracking:")
    assert str(marks["visited"]).startswith("start:")
    assert any(
        "visited" in str(each.get("class")) for each in drawing.iter("{http://www.w3.org/2000/svg}path")
    )
    assert "A colleague will answer you here." in failed
    assert "<code>GET look_up</code>" in failed
    assert '<dt>order_number</dt><dd dir="auto">AB-1234</dd>' in failed
    assert "the message names a choice" in chosen
    assert "<code>status</code>" in found
    acts = await AuditLog(redis).latest(20)
    assert {(each.act, each.target) for each in acts} == {("try_flow", "default")}


async def test_model_calls_and_tokens_are_counted(redis: Redis, flow_file: Path) -> None:
    model = ScriptedModel([TransitionDecision("wants_person", tokens=321, model="openai/x")])
    async with open_flows(redis, flow_file, model=model) as http:
        await say(http, "", 0)
        page = await say(http, "my cat has eaten it", 1)

    assert "<dd>1 <small>(1 in all)</small></dd>" in page
    assert "<dd>321 <small>(321 in all)</small></dd>" in page
    assert "openai/x chose it" in page


async def test_a_chat_is_bounded(redis: Redis, flow_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class HangingModel(ScriptedModel):
        async def decide(self, question: object) -> TransitionDecision:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(flow_chat, "MAX_TURNS", 2)
    async with (
        open_flows(redis, flow_file) as http,
        open_flows(redis, flow_file, model=HangingModel()) as hangs,
    ):
        await say(http, "", 0)
        assert "Another window has written" in await say(http, "hi", 0)
        assert "Write 1 to 1,000 characters." in await say(http, "x" * 1001, 1)
        assert "Write 1 to 1,000 characters." in await say(http, "  ", 1)
        with monkeypatch.context() as shorter:
            shorter.setattr(flow_chat, "_TURN_SECONDS", 0.05)
            slow = await say(hangs, "my cat has eaten it", 1)
        for turn in (1, 2):
            await say(http, "hi", turn)
        assert "A chat has at most" in await say(http, "hi", 3)
        bad = await http.post(CHAT, content="x" * 9000, headers={"Content-Type": "text/plain"})
        big = await http.post(CHAT, data={"turn": "3", "text": "x" * 9000})
        none = await http.get("/console/flows/nothing/chat")

    assert "so nothing has changed" in slow
    assert (bad.status_code, big.status_code, none.status_code) == (403, 400, 404)
    (key,) = [key async for key in redis.scan_iter("tg:trial_chat:*")]
    assert 0 < await redis.ttl(key) <= CHAT_SECONDS


async def test_one_of_two_answers_at_once_is_kept(redis: Redis, flow_file: Path) -> None:
    async with open_flows(redis, flow_file) as http:
        await say(http, "", 0)
        both = await asyncio.gather(say(http, "where is my order?", 1), say(http, "returns", 1))
        page = (await http.get(CHAT)).text

    assert sum("Another window has written" in each for each in both) == 1
    assert page.count("</svg>You</h3>") == 1
