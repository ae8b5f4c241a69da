"""Tools in a conversation: edges that depend on them, HTTP tools, and calls that violate their schema."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse

from flows.engine import DialogMachine
from flows.llm import STAY_FUNCTION_NAME, ScriptedModel, TransitionDecision
from flows.llm.openai.model import OpenAIModel
from flows.tools import ToolCallRequest, ToolError
from gateway.http.ssrf_guard import SafeFetch
from tests.flows.conversation import Json, edge, flow, node
from tests.flows.crm_server import Crm
from tests.flows.openai_server import OpenAIServer, build_call
from tests.flows.tools.called_functions import END, MADE, price, script_calls, start_conversation


async def test_a_tool_that_was_not_offered_is_not_run() -> None:
    script = script_calls(ToolCallRequest("rm_rf", {}))
    _, answer = await start_conversation(script, price)
    assert answer.text == "It is 5 euros."
    assert "does not exist" in repr(script.transition_requests[1].exchanges[0].result)


async def test_a_tool_may_open_an_edge_or_lead_to_its_failure_edge() -> None:
    check: Json = {"id": "check", "name": "check", "description": "check it", "on_failure": "gone"}
    made = flow(
        node(
            "a",
            "Hello!",
            tools=[check],
            edges=[edge("go", "end", guard="check.data == 'open'"), edge("gone", "sorry")],
        ),
        END,
        node("sorry", "Sorry.", is_final=True),
    )
    answers = ["open", "shut"]

    def check_it() -> str:
        if answers[0] == "shut":
            raise ToolError("no")
        return answers[0]

    check["handler_id"] = "check_it"
    made = flow(*made.model_dump(mode="json", exclude_unset=True)["nodes"])
    document = made.model_dump(mode="json", exclude_unset=True)
    document["nodes"][0]["tools"] = [check]
    made = type(made).model_validate(document)
    opening = ScriptedModel(
        [TransitionDecision(calls=(ToolCallRequest("check", {}),)), TransitionDecision(edge_id="go")]
    )
    _, answer = await start_conversation(opening, check_it, flow=made)
    assert answer.text == "The end."
    answers.pop(0)
    failing = ScriptedModel([TransitionDecision(calls=(ToolCallRequest("check", {}),))])
    _, answer = await start_conversation(failing, check_it, flow=made)
    assert (answer.edge, answer.text) == ("gone", "Sorry.")


async def test_an_http_tool_sends_its_arguments(crm: Crm) -> None:
    crm.answers = [JSONResponse({"stock": 3}), JSONResponse({})]
    tools = [
        {
            "id": "stock",
            "name": "s",
            "description": "",
            "type": "http",
            "url": f"{crm.url}/stock/{{{{ item }}}}",
        },
        {
            "id": "book",
            "name": "b",
            "description": "",
            "type": "http",
            "method": "post",
            "url": f"{crm.url}/book",
        },
    ]
    made = flow(
        node("a", "Hello!", edges=[edge("go", "end")]),
        END,
        tools=[{"name": "t", "description": "", "type": "http", **each} for each in tools],
    )
    script = script_calls(
        ToolCallRequest("stock", {"item": "a/b", "n": 2}), ToolCallRequest("book", {"item": "tea"})
    )
    machine, answer = await start_conversation(script, flow=made, fetch=SafeFetch([crm.host]))
    assert answer.tools == ("stock", "book")
    assert crm.requests[0].scope["raw_path"] == b"/stock/a%2Fb"
    assert crm.requests[0].scope["query_string"] == b"n=2"
    assert crm.bodies[1] == b'{"item": "tea"}'
    assert "idempotency-key" in crm.requests[1].headers
    await machine.aclose()


async def test_arguments_are_written_as_the_query_of_an_address(crm: Crm) -> None:
    find = {"id": "find", "name": "f", "description": "", "type": "http", "url": f"{crm.url}/find?a=1"}
    made = flow(node("a", "Hello!", edges=[edge("go", "end")]), END, tools=[find])
    given: Json = {"tags": ["a&b", 2], "open": True, "none": None, "q": "ü ", "in": {"b": [1]}}
    machine, _ = await start_conversation(
        script_calls(ToolCallRequest("find", given)), flow=made, fetch=SafeFetch([crm.host])
    )
    pairs = [("a", "1"), ("tags", "a&b"), ("tags", "2"), ("open", "true"), ("q", "ü "), ("in", '{"b": [1]}')]
    assert crm.requests[0].query_params.multi_items() == pairs
    await machine.aclose()


ORDER: Json = {
    "type": "object",
    "properties": {"item": {"type": "string", "enum": ["mug"]}, "count": {"type": "integer", "maximum": 5}},
    "required": ["item"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"item": "mug", "count": 2}, ""),
        ({"price": 0, "admin": True, "count": 9999}, "missing: item; unknown: price, admin; not as the"),
        ({"item": "tea"}, "not as the schema requires: item"),
        ({"item": "mug", "count": "2"}, "not as the schema requires: count"),
    ],
)
async def test_a_call_that_its_schema_forbids_is_not_made_and_the_model_gets_the_reason(
    crm: Crm, arguments: Json, reason: str
) -> None:
    order = {
        "id": "order",
        "name": "o",
        "description": "",
        "type": "http",
        "method": "POST",
        "url": crm.url,
        "input_schema": ORDER,
        "on_failure": "go",
    }
    made = flow(node("a", "Hello!", edges=[edge("go", "end")], tools=[order]), END)
    script = script_calls(ToolCallRequest("order", arguments))
    machine, answer = await start_conversation(script, flow=made, fetch=SafeFetch([crm.host]))
    result = dict(script.transition_requests[1].exchanges[0].result)  # type: ignore[arg-type]
    assert str(result.get("error", "")).startswith(reason)
    assert (answer.text, answer.tools) == ("It is 5 euros.", ("order!" if reason else "order",))
    assert len(crm.requests) == (0 if reason else 1)
    await machine.aclose()


async def test_tools_over_the_wire() -> None:
    async with OpenAIServer().running() as server:
        server.answers = [
            build_call("price", {"item": "tea", "count": 2}),
            build_call(STAY_FUNCTION_NAME, {"brief_response": "5 euros."}),
        ]
        model = OpenAIModel("small", api_key="k", base_url=server.url)
        machine = DialogMachine(MADE, model, [price])
        await machine.start()
        assert (await machine.turn("how much are two?")).text == "5 euros."
        first, second = server.requests
        assert [item["function"]["name"] for item in first["tools"]] == ["go", "price", STAY_FUNCTION_NAME]
        called, told = second["messages"][-2:]
        assert called["tool_calls"][0]["function"] == {
            "name": "price",
            "arguments": '{"item": "tea", "count": 2}',
        }
        assert (told["role"], told["tool_call_id"]) == ("tool", called["tool_calls"][0]["id"])
        assert told["content"] == '{"success": true, "data": 5.0}'
        await machine.aclose()
