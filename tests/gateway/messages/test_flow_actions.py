"""The configured flow's actions in a real worker, and a flow file that is rewritten at run time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, Response

from tests.flows.conversation import document, edge, input_schema, node
from tests.flows.crm_server import Crm
from tests.gateway.environments.stack import running_stack


def build_flow(url: str) -> str:
    call = {
        "id": "look_up",
        "name": "Look up",
        "method": "GET",
        "url": url + "/orders/{{ order }}",
        "headers": {"Authorization": "Bearer {{ secrets.CRM }}"},
        "store_response_as": "found",
        "retries": 0,
    }
    pattern = {"type": "string", "pattern": "^HL-[0-9]+$"}
    triggers = [{"trigger": "on_enter", "action_id": "look_up", "on_failure": "gone"}]
    back = edge("again", "told", input_schema=input_schema(order=pattern))
    return json.dumps(
        document(
            node(
                "ask", "Which order?", edges=[edge("given", "told", input_schema=input_schema(order=pattern))]
            ),
            node(
                "told",
                "It is {{ found.data.status }}.",
                actions=triggers,
                edges=[back, edge("gone", "sorry")],
            ),
            node("sorry", "I cannot look that up.", edges=[back]),
            actions=[call],
        )
    )


@pytest.mark.long
async def test_a_worker_makes_the_http_calls_of_its_flow(tmp_path: Path) -> None:
    async with Crm().running() as crm, running_stack() as stack:
        crm.answers = [JSONResponse({"status": "on its way"}), Response(status_code=404)]
        path = tmp_path / "orders.json"
        path.write_text(build_flow(crm.url), encoding="utf-8")
        stack.add_settings(
            TURNGATE_FLOW=str(path), TURNGATE_SECRET_CRM="tk-1", TURNGATE_PRIVATE_HOSTS=crm.host
        )
        await stack.start_async_worker()
        await stack.accept_message(1, "hi")
        await stack.accept_message(2, "HL-1")
        received = await stack.simulator.wait_for_texts(2)
        await stack.accept_message(3, "HL-2")
        received = await stack.simulator.wait_for_texts(3)
        assert received == ["Which order?", "It is on its way.", "I cannot look that up."]
        assert [request.url.path for request in crm.requests] == ["/orders/HL-1", "/orders/HL-2"]
        assert crm.requests[0].headers["authorization"] == "Bearer tk-1"


@pytest.mark.long
async def test_a_worker_calls_private_hosts_only_if_configured(tmp_path: Path) -> None:
    async with Crm().running() as crm, running_stack() as stack:
        path = tmp_path / "orders.json"
        path.write_text(build_flow(crm.url), encoding="utf-8")
        stack.add_settings(TURNGATE_FLOW=str(path), TURNGATE_SECRET_CRM="tk-1")
        await stack.start_async_worker()
        await stack.accept_message(1, "hi")
        await stack.accept_message(2, "HL-1")
        assert (await stack.simulator.wait_for_texts(2))[1] == "I cannot look that up."
        assert crm.requests == []


@pytest.mark.long
async def test_a_valid_rewritten_flow_is_loaded_and_an_invalid_one_ignored(tmp_path: Path) -> None:
    async with running_stack() as stack:
        path = tmp_path / "flow.json"

        def write(text: str) -> None:
            received = path.with_suffix(".new")
            received.write_text(text, encoding="utf-8")
            received.replace(path)

        def greeting(text: str) -> str:
            return json.dumps(document(node("a", text, edges=[edge("x", "a", keywords=["never"])])))

        write(greeting("Tea?"))
        stack.add_settings(TURNGATE_FLOW=str(path))
        worker = await stack.start_async_worker()
        await stack.accept_message(1, "hi")
        assert await stack.simulator.wait_for_texts(1) == ["Tea?"]
        write(greeting("Coffee?"))
        contacts = (f"+1555018{number:04d}" for number in count())

        async def greetings() -> AsyncIterator[str]:
            """Yield the greeting of one new contact after another."""
            for number, contact in enumerate(contacts, start=2):
                await stack.accept_message(number, "hi", contact)
                yield (await stack.simulator.wait_for_texts(1, contact))[0]

        async with asyncio.timeout(20):
            async for answer in greetings():  # the file is checked once a second
                if answer == "Coffee?":
                    break
        write("{ not json")
        assert worker.stdout is not None
        output = asyncio.create_task(worker.stdout.readuntil(b"keeping the previous flow"))
        async with asyncio.timeout(20):
            async for answer in greetings():
                assert answer == "Coffee?"
                if output.done():
                    break
        await output
