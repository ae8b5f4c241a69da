"""Repetition of actions: idempotency keys, duration, and the listener's events."""

from __future__ import annotations

import json

import pytest
from starlette.responses import JSONResponse, Response

from flows.llm import ModelError, TransitionDecision
from tests.flows.conversation import edge, flow, node
from tests.flows.crm_server import Crm
from tests.flows.tools.http.order_lookup import (
    END,
    FAILED,
    WANTS,
    CountingListener,
    Made,
    Session,
    build_action,
    build_flow,
    build_lookup_node,
    script_order,
)


async def test_an_action_has_one_idempotency_key_however_often_its_turn_runs(
    crm: Crm, sessions: Made
) -> None:
    call = build_action(crm.url, method="POST")
    sessions.append(s := Session(build_flow(call), crm, script_order(), script_order(), script_order()))
    await s.say("hi")
    before = s.state
    await s.say("my order")
    s.state = before  # the commit was lost, so the turn is run again
    await s.say("my order", again=True)
    s.state = before
    await s.say("my order")
    keys = [request.headers["idempotency-key"] for request in crm.requests]
    assert keys[0] == keys[1] != keys[2]
    assert all(len(key) == 32 for key in keys)


async def test_a_call_that_may_have_been_done_is_not_repeated(crm: Crm, sessions: Made) -> None:
    crm.answers = [Response(status_code=500), Response(status_code=500), Response(status_code=500)]
    sessions.append(s := Session(build_flow(build_action(crm.url, method="POST")), crm, script_order()))
    await s.say("hi")
    await s.say("my order")
    assert len(crm.requests) == 1


async def test_what_was_put_off_is_tried_again_with_the_same_key(crm: Crm, sessions: Made) -> None:
    crm.answers = [Response(status_code=503), Response(status_code=429, headers={"retry-after": "0.01"})]
    sessions.append(s := Session(build_flow(build_action(crm.url, method="POST")), crm, script_order()))
    await s.say("hi")
    assert (await s.say("my order")).node == "look"
    assert len(crm.requests) == 3
    assert len({request.headers["idempotency-key"] for request in crm.requests}) == 1


@pytest.mark.parametrize(
    ("condition", "calls"), [("{{ order }}", 1), ("{{ nothing }}", 0), ("{{ 1 == 2 }}", 0)]
)
async def test_an_action_whose_condition_is_false_is_passed_over(
    crm: Crm, sessions: Made, condition: str, calls: int
) -> None:
    sessions.append(s := Session(build_flow(build_action(crm.url, condition=condition)), crm, script_order()))
    await s.say("hi")
    assert (await s.say("my order")).node == "look"
    assert len(crm.requests) == calls


async def test_run_once_is_once_after_a_success(crm: Crm, sessions: Made) -> None:
    crm.answers = [Response(status_code=404), JSONResponse({})]
    back = {**FAILED, "is_final": False, "edges": [edge("back", "look")]}
    again = {**build_lookup_node(), "edges": [*build_lookup_node()["edges"], edge("leave", "failed")]}
    made = flow(
        node("a", "Which?", edges=[WANTS]), again, END, back, actions=[build_action(crm.url, run_once=True)]
    )
    decisions = (TransitionDecision(edge_id=name) for name in ("back", "leave", "back"))
    sessions.append(s := Session(made, crm, script_order(), *decisions))
    for text in ("hi", "order", "back", "leave", "back"):
        await s.say(text)
    assert len(crm.requests) == 2


async def test_run_once_is_once_also_when_its_result_had_to_make_room(crm: Crm, sessions: Made) -> None:
    rows = JSONResponse({"rows": [{"text": "x" * 50} for _ in range(30)]})
    crm.answers = [JSONResponse({"paid": True}), *[rows] * 3]
    pay = {
        **build_action(f"{crm.url}/pay", method="POST", run_once=True),
        "id": "pay",
        "store_response_as": "paid",
    }
    lists = [
        {**build_action(f"{crm.url}/list"), "id": f"l{n}", "store_response_as": f"l{n}"} for n in range(3)
    ]
    made = flow(
        node("a", "Pay?", edges=[edge("go", "pay")]),
        node(
            "pay", "Paid.", edges=[edge("on", "list")], actions=[{"trigger": "on_enter", "action_id": "pay"}]
        ),
        node(
            "list",
            "More?",
            edges=[edge("back", "pay")],
            actions=[{"trigger": "on_enter", "action_id": each["id"]} for each in lists],
        ),
        actions=[pay, *lists],
    )
    sessions.append(
        s := Session(made, crm, *(TransitionDecision(edge_id=name) for name in ("go", "on", "back")))
    )
    for text in ("hi", "go", "on", "back"):
        await s.say(text)
        s.state = json.loads(json.dumps(s.state))
    assert "paid" not in s.state["results"]  # type: ignore[index, operator]
    assert [request.url.path for request in crm.requests].count("/pay") == 1


async def test_run_once_holds_in_a_conversation_of_an_older_version(crm: Crm, sessions: Made) -> None:
    sessions.append(s := Session(build_flow(build_action(crm.url, run_once=True)), crm, script_order()))
    await s.say("hi")
    s.state = {**s.state, "results": {"found": {"success": True}}}  # type: ignore[dict-item]
    assert (await s.say("my order")).node == "look"
    assert crm.requests == []


async def test_the_same_action_at_two_places_has_two_idempotency_keys(crm: Crm, sessions: Made) -> None:
    trigger = {"trigger": "on_exit", "action_id": "look_up"}
    leaving = edge("go", "b", actions=[{"trigger": "on_enter", "action_id": "look_up"}])
    made = flow(
        node("a", "A?", edges=[leaving], actions=[trigger, trigger]),
        node("b", "B.", is_final=True),
        actions=[build_action(crm.url, method="POST")],
    )
    sessions.append(
        s := Session(made, crm, TransitionDecision(edge_id="go"), TransitionDecision(edge_id="go"))
    )
    await s.say("hi")
    before = s.state
    await s.say("go")
    s.state = before
    await s.say("go", again=True)
    keys = [request.headers["idempotency-key"] for request in crm.requests]
    assert len(set(keys)) == 3
    assert keys[:3] == keys[3:]


@pytest.mark.parametrize(("method", "count"), [("GET", 0), ("POST", 1)])
async def test_the_listener_is_called_before_a_side_effect(
    crm: Crm, sessions: Made, method: str, count: int
) -> None:
    sessions.append(
        s := Session(build_flow(build_action(crm.url, method=method)), crm, script_order(), script_order())
    )
    await s.say("hi")
    before = s.state
    await s.say("my order", listener=(asked := CountingListener()))
    assert asked.count == count
    if count:
        s.state = before
        crm.requests.clear()
        with pytest.raises(RuntimeError):
            await s.say("my order", listener=CountingListener(forbid=True))
        assert crm.requests == []


async def test_a_model_failure_after_a_side_effect_keeps_the_state(crm: Crm, sessions: Made) -> None:
    done = {**build_lookup_node(), "static_text": None, "instruction": "Say that it is ordered."}
    made = flow(
        node("a", "Which?", edges=[WANTS]), done, END, FAILED, actions=[build_action(crm.url, method="POST")]
    )
    sessions.append(s := Session(made, crm, script_order(), speeches=(ModelError("gone"),)))
    await s.say("hi")
    step = await s.say("my order")
    assert (step.outcome, step.node, step.details["trouble"]) == ("advance", "look", "silent")
    assert step.messages[0].text


async def test_actions_of_an_edge_and_on_leaving_are_run_in_order(crm: Crm, sessions: Made) -> None:
    calls = [{**build_action(f"{crm.url}/{name}"), "id": name} for name in ("leave", "cross", "enter")]
    crossing = edge("go", "b", actions=[{"trigger": "on_enter", "action_id": "cross"}])
    made = flow(
        node("a", "A?", edges=[crossing], actions=[{"trigger": "on_exit", "action_id": "leave"}]),
        node("b", "B?", edges=[edge("x", "end")], actions=[{"trigger": "on_enter", "action_id": "enter"}]),
        END,
        actions=calls,
    )
    sessions.append(s := Session(made, crm, TransitionDecision(edge_id="go")))
    await s.say("hi")
    await s.say("go")
    assert [request.url.path for request in crm.requests] == ["/leave", "/cross", "/enter"]
