"""HTTP actions, over real sockets on loopback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from flows.document import Flow
from flows.llm import GeneratedReply, TransitionDecision
from tests.flows.conversation import Json, edge, flow, node
from tests.flows.crm_server import Crm
from tests.flows.tools.http.order_lookup import (
    END,
    FAILED,
    WANTS,
    Made,
    Session,
    build_action,
    build_flow,
    build_lookup_node,
    script_order,
)


async def test_a_look_up_is_made_on_entering_and_its_answer_is_said(crm: Crm, sessions: Made) -> None:
    crm.answers = [JSONResponse({"status": "on its way"})]
    sessions.append(
        s := Session(
            build_flow(build_action(f"{crm.url}/orders/{{{{ order }}}}?v={{{{ order }}}}")),
            crm,
            script_order(),
        )
    )
    await s.say("hi")
    step = await s.say("my order")
    assert [message.text for message in step.messages] == ["It is on its way."]
    (request,) = crm.requests
    assert request.scope["raw_path"] == b"/orders/HL%201%2F2%3Fx=3%23&"
    assert dict(request.query_params) == {"v": "HL 1/2?x=3#&"}
    assert s.result("found") == {"success": True, "status": 200, "data": {"status": "on its way"}}
    assert step.details["used"] == "look_up"


@pytest.mark.long
@pytest.mark.parametrize("answer", [JSONResponse({}, 404), Response(status_code=500), None])
async def test_a_failure_takes_its_edge(crm: Crm, sessions: Made, answer: Response | None) -> None:
    crm.answers = [answer] * 5
    sessions.append(s := Session(build_flow(build_action(f"{crm.url}/", timeout=1)), crm, script_order()))
    await s.say("hi")
    step = await s.say("my order")
    assert ([message.text for message in step.messages], step.node) == (
        ["I cannot look that up just now."],
        "failed",
    )
    assert step.details["used"] == "look_up!"


async def test_without_a_fetcher_the_failure_edge_is_followed(
    sessions: Made,
) -> None:
    sessions.append(s := Session(build_flow(build_action("https://crm.example/")), None, script_order()))
    await s.say("hi")
    assert (await s.say("my order")).node == "failed"


async def test_a_users_words_stay_at_their_place_in_the_body(crm: Crm, sessions: Made) -> None:
    evil = '1", "admin": true, "x": "{{ secrets.TOKEN }}'
    bodies: list[Any] = [
        {"order": "{{ order }}", "nested": {"list": ["{{ order }}", 5]}},
        '{"order": "{{ order }}"}',
    ]
    for body in bodies:
        crm.bodies.clear()
        sessions.append(
            s := Session(build_flow(build_action(crm.url, method="POST", body=body)), crm, script_order(evil))
        )
        await s.say("hi")
        await s.say("my order")
        sent = json.loads(crm.bodies[0])
        assert sent["order"] == evil
        assert "admin" not in sent


async def test_numbers_are_numbers_where_the_format_has_it_so(crm: Crm, sessions: Made) -> None:
    body = {
        "count": "{{ order }}",
        "zip": "{{ order }}",
        "code": "007",
        "phone": "+15550100",
        "n": {"deep": "2.5"},
    }
    call = build_action(crm.url, method="POST", body=body, string_fields=["zip"])
    sessions.append(s := Session(build_flow(call), crm, script_order("12345")))
    await s.say("hi")
    await s.say("my order")
    assert json.loads(crm.bodies[0]) == {
        "count": 12345,
        "zip": "12345",
        "code": "007",
        "phone": "+15550100",
        "n": {"deep": 2.5},
    }


async def test_a_form_is_escaped_as_a_form(crm: Crm, sessions: Made) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    call = build_action(crm.url, method="POST", body="a={{ order }}&b=2", headers=headers)
    sessions.append(s := Session(build_flow(call), crm, script_order("1&b=3 ü")))
    await s.say("hi")
    await s.say("my order")
    assert crm.bodies == [b"a=1%26b%3D3+%C3%BC&b=2"]


async def test_a_large_answer_is_cut_to_what_a_state_has_room_for(crm: Crm, sessions: Made) -> None:
    crm.answers = [JSONResponse({"rows": [{"text": "x" * 900} for _ in range(200)], "status": "many"})]
    sessions.append(s := Session(build_flow(build_action(crm.url)), crm, script_order()))
    await s.say("hi")
    step = await s.say("my order")
    assert step.messages[0].text == "It is many."
    assert len(json.dumps({k: v for k, v in step.state.items() if k != "history"})) <= 4_096


async def test_the_first_nodes_actions_run_with_the_greeting(crm: Crm, sessions: Made) -> None:
    crm.answers = [JSONResponse({"name": "Ada"})]
    first = node(
        "a",
        "Hello {{ found.data.name }}!",
        edges=[edge("x", "end")],
        actions=[{"trigger": "on_enter", "action_id": "look_up"}],
    )
    sessions.append(
        s := Session(flow(first, END, actions=[build_action(crm.url)]), crm, TransitionDecision())
    )
    assert (await s.say("hi")).messages[0].text == "Hello Ada!"
    await s.say("hm")
    assert len(crm.requests) == 1


async def test_a_result_cannot_stand_in_for_the_operators_constants(crm: Crm, sessions: Made) -> None:
    crm.answers = [JSONResponse({})]
    call = build_action("{{ BASE }}/x", store_response_as="BASE")
    made = build_flow(call, environment_variables={"BASE": crm.url})
    back = TransitionDecision(edge_id="gone")
    sessions.append(s := Session(made, crm, script_order("BASE"), back))
    await s.say("hi")
    assert (await s.say("my order")).node == "look"
    assert crm.requests[0].url.path == "/x"


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ({"actions": [{"trigger": "on_enter", "action_id": "no"}]}, "nodes[0].actions[0].action_id"),
        (
            {"actions": [{"trigger": "on_enter", "action_id": "look_up", "on_failure": "no"}]},
            "nodes[0].actions[0].on_failure",
        ),
        ({"tools": [{"id": "t t", "name": "t", "description": ""}]}, "nodes[0].tools[0].id"),
        ({"tools": [{"id": "t", "name": "t", "description": "", "type": "http"}]}, "nodes[0].tools[0].url"),
    ],
)
def test_a_call_that_cannot_be_made_is_a_problem_at_load(part: Json, path: str) -> None:
    from flows.document import FlowError

    document = {
        "system_prompt": "",
        "initial_node": "a",
        "nodes": [{"id": "a", "name": "a", "static_text": "A", "is_final": True, **part}],
        "actions": [build_action("https://crm.example/{{ order }}", headers={"X": "{{ order }}"})],
    }
    with pytest.raises(FlowError) as refused:
        Flow.from_json(json.dumps(document))
    assert [problem.path for problem in refused.value.issues] == [path]


async def test_speech_may_use_what_was_found(crm: Crm, sessions: Made) -> None:
    crm.answers = [JSONResponse({"status": "open"})]
    told = {
        **build_lookup_node(),
        "static_text": None,
        "instruction": "Tell the status {{ results.found.data.status }}.",
    }
    made = flow(node("a", "Which?", edges=[WANTS]), told, END, FAILED, actions=[build_action(crm.url)])
    sessions.append(s := Session(made, crm, script_order(), speeches=(GeneratedReply(text="It is open."),)))
    await s.say("hi")
    assert (await s.say("my order")).messages[0].text == "It is open."
    assert s.script.reply_requests[0].instruction == "Tell the status open."
