"""Templates through the gateway's processes: list, a flow's node, `/messages`, the desk and the commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from time import time
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from channels._kit.inbound import canonical_number
from channels._kit.simulator import UserMessage
from channels.whatsapp.simulator.records import IdentityMode
from channels.whatsapp.simulator.server import WhatsAppSimulator
from gateway.cli import app
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from gateway.redis.records.sessions.log.session_log import read_log_end
from gateway.redis.records.templates import TemplateRecords
from tests.channels.whatsapp.builders import ACCOUNT, ENVIRON, OURS, PHONE, SECRET, TOKEN
from tests.flows.conversation import document, edge, node
from tests.gateway.environments.stack import KEY
from tests.gateway.environments.surroundings import RecordingSimulatorServer, find_free_url, start_gateway

CONTACT = f"+{PHONE}"
SESSION = f"whatsapp:{OURS}:{canonical_number(CONTACT)}"
ORDER = {"name": "order_update", "language": "en_US", "variables": {"1": "Ada", "2": "12"}}
FLOW = document(
    node(
        "ask",
        "Your order has left.",
        template={**ORDER, "variables": {"1": "{{ message.text }}", "2": "{{ 5 + 7 }}"}},
        edges=[edge("short", "few", keywords=["short"]), edge("stop", "stopped", keywords=["sale"])],
    ),
    node(
        "few",
        "Too few",
        template={**ORDER, "variables": {"1": "Ada"}},
        on_undelivered={"say": "FALLBACK"},
        edges=[edge("stop", "stopped", keywords=["sale"])],
    ),
    node("stopped", "SALE", edges=[edge("again", "ask", keywords=["again"])]),
)


class Environment:
    """A gateway whose worker has read the account's templates, and whose flow has greeted the contact."""

    def __init__(self, url: str, redis_url: str, server: RecordingSimulatorServer) -> None:
        self.url, self.redis_url, self.server = url, redis_url, server

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with httpx.AsyncClient(trust_env=False, base_url=self.url, headers=KEY) as http:
            answer = await http.post(path, json=body)
        return answer.status_code, answer.json()

    async def send(self, template: Any, name: str, **more: Any) -> tuple[int, Any]:
        return await self.post(
            "/messages", {"session": SESSION, "template": template, "message_id": name, **more}
        )

    async def change(self, **changes: str) -> None:
        simulator = self.server.simulator
        assert isinstance(simulator, WhatsAppSimulator)
        async with httpx.AsyncClient(trust_env=False) as http:
            for each in simulator.change_template("order_update", "en_US", time(), **changes):
                answer = await http.post(each.url, content=each.body, headers=dict(each.headers))
                assert answer.status_code == 200

    async def run(self, *words: str) -> Result:
        """Run a command with no settings but REDIS_URL, as beside `turngate run`."""
        environ = {"REDIS_URL": self.redis_url, "COLUMNS": "200"}
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(words), env=environ))

    async def wait_for(self, text: str, seen: int) -> list[str]:
        return [entry.text for entry in await self.server.wait_for_entries(text, CONTACT, seen)]


@asynccontextmanager
async def running_environment(folder: Path) -> AsyncIterator[Environment]:
    file = folder / "flow.json"
    file.write_text(json.dumps(FLOW), encoding="utf-8")
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        url = find_free_url()
        simulator = WhatsAppSimulator(
            app_secret=SECRET,
            access_token=TOKEN,
            webhook_url=f"{url}/webhooks/whatsapp",
            seed=7,
            identity=IdentityMode.PHONE,
        )
        server = RecordingSimulatorServer(simulator, http)
        environ = {
            **ENVIRON,
            "WHATSAPP_API_URL": await stack.enter_async_context(serve(server)),
            "WHATSAPP_BUSINESS_ACCOUNT_ID": ACCOUNT,
        }
        redis_url = await start_gateway(stack, url, str(file), environ)
        made = Environment(url, redis_url, server)
        async with asyncio.timeout(30), Redis.from_url(redis_url) as redis:
            while await TemplateRecords(redis).read_report("whatsapp") is None:
                server.called.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(server.called.wait(), 0.5)
        server.send_user_message(UserMessage("whatsapp", CONTACT, "hello"))
        assert await made.wait_for("order_update", 0) == ["order_update hello 12"]
        yield made


@pytest.fixture
async def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Environment]:
    monkeypatch.chdir(tmp_path)
    async with running_environment(tmp_path) as made:
        yield made


@pytest.mark.long
async def test_templates_are_sent_or_refused_with_the_reason(environment: Environment) -> None:
    assert (await environment.send(ORDER, "m1"))[0] == 202
    assert await environment.wait_for("Ada 12", 1) == ["order_update Ada 12"]

    status, body = await environment.send({**ORDER, "variables": {"1": "Ada", "3": "x"}}, "m2")
    assert (status, body["error"]["code"]) == (422, "template_variables")
    assert body["error"]["message"].endswith("order_update: 2 missing; 3 not known; it takes 1, 2")
    status, body = await environment.send({**ORDER, "language": "fr"}, "m2")
    assert (status, body["error"]["code"]) == (422, "template_unknown")
    for template, more in ((ORDER, {"text": "both"}), (None, {}), ({**ORDER, "to": "x"}, {})):
        assert (await environment.send(template, "m2", **more))[0] == 400

    say = {"session": SESSION, "template": ORDER, "id": "a1"}
    assert (await environment.post("/console/desk/say", say))[0] == 202
    assert await environment.wait_for("Ada 12", 2) == ["order_update Ada 12"]
    wrong_say = {**say, "id": "a2", "template": {**ORDER, "variables": {}}}
    status, body = await environment.post("/console/desk/say", wrong_say)
    assert (status, body["error"]["code"]) == (422, "template_variables")
    assert "1, 2 missing" in body["error"]["message"]
    assert (await environment.post("/console/desk/act", {"session": SESSION, "act": "give_back"}))[0] == 200

    await environment.change(status="PAUSED", reason="LOW_QUALITY")
    status, body = await environment.send(ORDER, "m3")
    assert (status, body["error"]["code"]) == (409, "template_not_approved")
    assert (await environment.send(ORDER, "m1"))[0] == 202  # it was sent before


@pytest.mark.long
async def test_a_nodes_template_that_is_withdrawn_is_not_sent_and_the_flow_falls_back(
    environment: Environment,
) -> None:
    await environment.change(status="PAUSED")
    environment.server.send_user_message(UserMessage("whatsapp", CONTACT, "short"))

    assert await environment.wait_for("FALLBACK", 1) == ["FALLBACK"]
    async with Redis.from_url(environment.redis_url) as redis:
        log = [(entry.kind, entry.data) for entry in await read_log_end(redis, SESSION, 100)]
    [refused] = [data for kind, data in log if kind == "refused"]
    assert refused["code"] == "template"
    said = [data for kind, data in log if kind == "said"]
    assert (said[1]["template"], said[1]["body"]) == ("order_update", "[order_update]")


@pytest.mark.long
async def test_a_nodes_template_with_wrong_variables_is_refused_before_meta_does(
    environment: Environment,
) -> None:
    environment.server.send_user_message(UserMessage("whatsapp", CONTACT, "short"))

    assert await environment.wait_for("FALLBACK", 1) == ["FALLBACK"]
    why = (await environment.run("dead", "list")).output
    assert "variables of the template order_update: 2 missing" in why


@pytest.mark.long
async def test_commands_list_show_synchronise_and_send(environment: Environment) -> None:
    listed = (await environment.run("templates", "list")).output
    assert "whatsapp  order_update  en_US  approved  UTILITY".lower() in listed.lower()
    assert "whatsapp  spring_sale  en_US  paused" in listed
    rows = json.loads((await environment.run("templates", "list", "--json", "--limit", "2")).output)
    assert [row["channel"] for row in rows] == ["whatsapp"] * 2

    shown = (await environment.run("templates", "show", "invoice")).output
    assert "header document" in shown
    assert "--var button.0.url=…  (text)" in shown
    assert "--var header.filename=…  (text, optional)" in shown
    assert (await environment.run("templates", "show", "none")).exit_code == 1

    values = ("--language", "en_US", "--var", "1=Ada", "--var", "2=a=b")
    assert (await environment.run("templates", "send", "order_update", SESSION, *values)).exit_code == 0
    assert await environment.wait_for("a=b", 1) == ["order_update Ada a=b"]
    sent = await environment.run("send", SESSION, "--template", "order_update", *values)
    assert sent.exit_code == 0, sent.output
    assert await environment.wait_for("a=b", 2) == ["order_update Ada a=b"]
    refused = await environment.run("send", SESSION, "--template", "order_update", "--language", "en_US")
    assert refused.exit_code == 1
    assert "1, 2 missing" in refused.output
    for words in (
        ("text", "--template", "order_update"),
        (),
        ("--template", "order_update"),
        ("--template", "order_update", "--language", "de", "--var", "x"),
    ):
        assert (await environment.run("send", SESSION, *words)).exit_code == 2

    assert isinstance(environment.server.simulator, WhatsAppSimulator)
    environment.server.simulator.templates.delete("spring_sale")
    counts = json.loads((await environment.run("templates", "sync", "--json")).output)
    assert counts == {
        "whatsapp": len(json.loads((await environment.run("templates", "list", "--json")).output))
    }
    assert "spring_sale" not in (await environment.run("templates", "list")).output
