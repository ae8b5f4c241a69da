"""HTTP actions, over real sockets on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.errors import ConfigurationError
from core.ports import State, TurnListener, TurnOutcome
from flows.document import Flow
from flows.engine import DialogMachine
from flows.llm import GeneratedReply, ModelError, ScriptedModel, TransitionDecision
from flows.tools.results import REDACTED
from gateway.http.ssrf_guard import SafeFetch
from tests.flows.conversation import TODAY, Json, asks, edge, flow, node, turn
from tests.flows.crm_server import Crm

END = node("end", "The end.", is_final=True)
FAILED = node("failed", "I cannot look that up just now.", is_final=True)
WANTS = edge("given", "look", input_schema=asks(order={"type": "string", "description": "the number"}))


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    async with Crm().running() as running:
        yield running


class Session:
    """One conversation through the port, as a worker has it."""

    def __init__(
        self, made: Flow, crm: Crm | None, *decisions: TransitionDecision | Exception, **more: Any
    ) -> None:
        speeches = more.pop("speeches", ())
        self.script = ScriptedModel(decisions, speeches)
        fetch = SafeFetch([crm.host]) if crm else None
        self.machine = DialogMachine(made, self.script, fetch=fetch, today=lambda: TODAY, **more)
        self.state: State | None = None
        self.number = 0

    async def say(
        self, text: str, *, again: bool = False, listener: TurnListener | None = None
    ) -> TurnOutcome:
        self.number += 0 if again else 1
        said = turn(text).model_copy(update={"id": f"m{self.number}"})
        step = await self.machine.answer(said, self.state, listener=listener)
        self.state = step.state
        return step

    def result(self, name: str) -> Any:
        assert self.state is not None
        return dict(self.state["results"])[name]  # type: ignore[arg-type]


Made = list[Session]


@pytest.fixture
async def sessions() -> AsyncIterator[Made]:
    made: Made = []
    yield made
    for session in made:
        await session.machine.aclose()


def action(url: str, **more: Any) -> Json:
    return {
        "id": "look_up",
        "name": "Look up",
        "method": "GET",
        "url": url,
        "store_response_as": "found",
        **more,
    }


def look(*, on_failure: str | None = "gone", **more: Any) -> Json:
    trigger = {"trigger": "on_enter", "action_id": "look_up", "on_failure": on_failure}
    return node(
        "look",
        "It is {{ found.data.status }}.",
        actions=[trigger],
        edges=[edge("on", "end"), edge("gone", "failed")],
        **more,
    )


def orders(call: Json, **more: Any) -> Flow:
    return flow(node("a", "Which order?", edges=[WANTS]), look(), END, FAILED, actions=[call], **more)


def given(order: str = "HL 1/2?x=3#&") -> TransitionDecision:
    return TransitionDecision(edge_id="given", slots={"order": order})


async def test_a_look_up_is_made_on_entering_and_its_answer_is_said(crm: Crm, sessions: Made) -> None:
    crm.answers = [JSONResponse({"status": "on its way"})]
    sessions.append(
        s := Session(orders(action(f"{crm.url}/orders/{{{{ order }}}}?v={{{{ order }}}}")), crm, given())
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
    sessions.append(s := Session(orders(action(f"{crm.url}/", timeout=1)), crm, given()))
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
    sessions.append(s := Session(orders(action("https://crm.example/")), None, given()))
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
        sessions.append(s := Session(orders(action(crm.url, method="POST", body=body)), crm, given(evil)))
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
    call = action(crm.url, method="POST", body=body, string_fields=["zip"])
    sessions.append(s := Session(orders(call), crm, given("12345")))
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
    call = action(crm.url, method="POST", body="a={{ order }}&b=2", headers=headers)
    sessions.append(s := Session(orders(call), crm, given("1&b=3 ü")))
    await s.say("hi")
    await s.say("my order")
    assert crm.bodies == [b"a=1%26b%3D3+%C3%BC&b=2"]


async def test_a_secret_reaches_the_header_alone(crm: Crm, sessions: Made) -> None:
    def echo(request: Request) -> Response:
        return JSONResponse({"status": f"you sent {request.headers['authorization']}"})

    crm.answers = [echo]
    call = action(crm.url, headers={"Authorization": "Bearer {{ secrets.TOKEN }}"})
    prying = look()
    prying["static_text"] = "{{ found.data.status }} {{ secrets.TOKEN }} {{ secrets }}"
    prying["instruction"] = "{{ secrets.TOKEN }}"
    made = flow(node("a", "Which?", edges=[WANTS]), prying, END, FAILED, actions=[call])
    sessions.append(
        s := Session(
            made,
            crm,
            given(),
            TransitionDecision(),
            TransitionDecision(),
            secrets={"TOKEN": "tk-very-secret"},
        )
    )
    await s.say("hi")
    step = await s.say("my order")
    await s.say("and now?")
    assert crm.requests[0].headers["authorization"] == "Bearer tk-very-secret"
    assert [message.text for message in step.messages] == [f"you sent Bearer {REDACTED}"]
    assert "tk-very-secret" not in repr(s.script.transition_requests) + repr(s.state) + repr(step)


async def test_what_a_call_takes_from_the_environment_does_not_come_back_out_of_it(
    crm: Crm, sessions: Made
) -> None:
    def echo(request: Request) -> Response:
        return JSONResponse({"status": f"{request.headers['x-key']} at {request.url}", "rows": "20"})

    crm.answers = [echo]
    call = action("{{ BASE }}/x?rows={{ ROWS }}", headers={"X-Key": "{{ env.API_KEY }}"})
    constants = {"BASE": crm.url, "API_KEY": "sk-live-123456", "ROWS": "20"}
    sessions.append(s := Session(orders(call, environment_variables=constants), crm, given()))
    await s.say("hi")
    step = await s.say("my order")
    assert step.messages[0].text == f"It is {REDACTED} at {crm.url}/x?rows=20."
    assert s.result("found")["data"]["rows"] == "20"


async def test_a_token_is_put_aside_whole_and_also_when_it_is_the_one_that_was_sent(
    crm: Crm, sessions: Made
) -> None:
    token = "tk-" + "x" * 1_000
    crm.answers = [JSONResponse({"token": token, "again": "rt-very-secret"})]
    call = action(
        crm.url,
        headers={"X-Refresh": "{{ REFRESH }}"},
        env_updates=[
            {"env_key": "TOKEN", "result_path": "data.token"},
            {"env_key": "REFRESH", "result_path": "data.again"},
        ],
    )
    then = {
        "id": "then",
        "name": "t",
        "method": "GET",
        "url": crm.url,
        "headers": {"X-T": "{{ TOKEN }} {{ REFRESH }}"},
    }
    both = look()
    both["actions"].append({"trigger": "on_enter", "action_id": "then"})
    made = flow(
        node("a", "Which?", edges=[WANTS]),
        both,
        END,
        FAILED,
        actions=[call, then],
        environment_variables={"REFRESH": "rt-very-secret"},
    )
    sessions.append(s := Session(made, crm, given()))
    await s.say("hi")
    await s.say("my order")
    assert crm.requests[1].headers["x-t"] == f"{token} rt-very-secret"
    assert s.result("found")["data"]["again"] == REDACTED


@pytest.mark.parametrize("order", ["..", ".", "..;x", "a/../.."])
async def test_no_value_leads_a_call_to_another_address(crm: Crm, sessions: Made, order: str) -> None:
    call = action(f"{crm.url}/v1/orders/{{{{ order }}}}", method="DELETE")
    sessions.append(s := Session(orders(call), crm, given(order)))
    await s.say("hi")
    assert (await s.say("my order")).node == "failed"
    assert crm.requests == []


def test_a_secret_that_is_not_set_stops_the_start() -> None:
    made = orders(action("https://crm.example", headers={"X": "{{ secrets.TOKEN }}"}))
    with pytest.raises(ConfigurationError, match="TURNGATE_SECRET_TOKEN"):
        DialogMachine(made, fetch=SafeFetch())


async def test_what_an_action_puts_aside_is_for_other_actions_and_not_for_the_model(
    crm: Crm, sessions: Made
) -> None:
    crm.answers = [JSONResponse({"token": "tk-1", "status": "open"})]
    call = action(crm.url, env_updates=[{"env_key": "TOKEN", "result_path": "data.token"}])
    after = {
        "id": "then",
        "name": "t",
        "method": "DELETE",
        "url": f"{crm.url}/x",
        "headers": {"X-T": "{{ TOKEN }}"},
    }
    then = look()
    then["actions"].append({"trigger": "on_exit", "action_id": "then"})
    made = flow(node("a", "Which?", edges=[WANTS]), then, END, FAILED, actions=[call, after])
    sessions.append(s := Session(made, crm, given(), TransitionDecision(edge_id="on")))
    await s.say("hi")
    await s.say("my order")
    step = await s.say("go on")
    assert (step.outcome, crm.requests[1].method, crm.requests[1].headers["x-t"]) == (
        "final",
        "DELETE",
        "tk-1",
    )
    assert "tk-1" not in repr(s.script.transition_requests[1].values)
    assert s.script.transition_requests[1].values["found"] == {
        "success": True,
        "status": 200,
        "data": {"token": REDACTED, "status": "open"},
    }


async def test_an_action_has_one_idempotency_key_however_often_its_turn_runs(
    crm: Crm, sessions: Made
) -> None:
    call = action(crm.url, method="POST")
    sessions.append(s := Session(orders(call), crm, given(), given(), given()))
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
    sessions.append(s := Session(orders(action(crm.url, method="POST")), crm, given()))
    await s.say("hi")
    await s.say("my order")
    assert len(crm.requests) == 1


async def test_what_was_put_off_is_tried_again_with_the_same_key(crm: Crm, sessions: Made) -> None:
    crm.answers = [Response(status_code=503), Response(status_code=429, headers={"retry-after": "0.01"})]
    sessions.append(s := Session(orders(action(crm.url, method="POST")), crm, given()))
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
    sessions.append(s := Session(orders(action(crm.url, condition=condition)), crm, given()))
    await s.say("hi")
    assert (await s.say("my order")).node == "look"
    assert len(crm.requests) == calls


async def test_run_once_is_once_after_a_success(crm: Crm, sessions: Made) -> None:
    crm.answers = [Response(status_code=404), JSONResponse({})]
    back = {**FAILED, "is_final": False, "edges": [edge("back", "look")]}
    again = {**look(), "edges": [*look()["edges"], edge("leave", "failed")]}
    made = flow(
        node("a", "Which?", edges=[WANTS]), again, END, back, actions=[action(crm.url, run_once=True)]
    )
    decisions = (TransitionDecision(edge_id=name) for name in ("back", "leave", "back"))
    sessions.append(s := Session(made, crm, given(), *decisions))
    for text in ("hi", "order", "back", "leave", "back"):
        await s.say(text)
    assert len(crm.requests) == 2


async def test_run_once_is_once_also_when_its_result_had_to_make_room(crm: Crm, sessions: Made) -> None:
    rows = JSONResponse({"rows": [{"text": "x" * 50} for _ in range(30)]})
    crm.answers = [JSONResponse({"paid": True}), *[rows] * 3]
    pay = {**action(f"{crm.url}/pay", method="POST", run_once=True), "id": "pay", "store_response_as": "paid"}
    lists = [{**action(f"{crm.url}/list"), "id": f"l{n}", "store_response_as": f"l{n}"} for n in range(3)]
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
    sessions.append(s := Session(orders(action(crm.url, run_once=True)), crm, given()))
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
        actions=[action(crm.url, method="POST")],
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


async def test_a_large_answer_is_cut_to_what_a_state_has_room_for(crm: Crm, sessions: Made) -> None:
    crm.answers = [JSONResponse({"rows": [{"text": "x" * 900} for _ in range(200)], "status": "many"})]
    sessions.append(s := Session(orders(action(crm.url)), crm, given()))
    await s.say("hi")
    step = await s.say("my order")
    assert step.messages[0].text == "It is many."
    assert len(json.dumps({k: v for k, v in step.state.items() if k != "history"})) <= 4_096


class Asked(TurnListener):
    """Counts how often it was asked before a side effect, and may forbid it."""

    def __init__(self, *, forbid: bool = False) -> None:
        self.count = 0
        self.forbid = forbid

    async def on_side_effect(self) -> None:
        self.count += 1
        if self.forbid:
            raise RuntimeError("not now")


@pytest.mark.parametrize(("method", "count"), [("GET", 0), ("POST", 1)])
async def test_the_listener_is_called_before_a_side_effect(
    crm: Crm, sessions: Made, method: str, count: int
) -> None:
    sessions.append(s := Session(orders(action(crm.url, method=method)), crm, given(), given()))
    await s.say("hi")
    before = s.state
    await s.say("my order", listener=(asked := Asked()))
    assert asked.count == count
    if count:
        s.state = before
        crm.requests.clear()
        with pytest.raises(RuntimeError):
            await s.say("my order", listener=Asked(forbid=True))
        assert crm.requests == []


async def test_a_model_failure_after_a_side_effect_keeps_the_state(crm: Crm, sessions: Made) -> None:
    done = {**look(), "static_text": None, "instruction": "Say that it is ordered."}
    made = flow(
        node("a", "Which?", edges=[WANTS]), done, END, FAILED, actions=[action(crm.url, method="POST")]
    )
    sessions.append(s := Session(made, crm, given(), speeches=(ModelError("gone"),)))
    await s.say("hi")
    step = await s.say("my order")
    assert (step.outcome, step.node, step.details["trouble"]) == ("advance", "look", "silent")
    assert step.messages[0].text


async def test_actions_of_an_edge_and_on_leaving_are_run_in_order(crm: Crm, sessions: Made) -> None:
    calls = [{**action(f"{crm.url}/{name}"), "id": name} for name in ("leave", "cross", "enter")]
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


async def test_the_first_nodes_actions_run_with_the_greeting(crm: Crm, sessions: Made) -> None:
    crm.answers = [JSONResponse({"name": "Ada"})]
    first = node(
        "a",
        "Hello {{ found.data.name }}!",
        edges=[edge("x", "end")],
        actions=[{"trigger": "on_enter", "action_id": "look_up"}],
    )
    sessions.append(s := Session(flow(first, END, actions=[action(crm.url)]), crm, TransitionDecision()))
    assert (await s.say("hi")).messages[0].text == "Hello Ada!"
    await s.say("hm")
    assert len(crm.requests) == 1


async def test_a_result_cannot_stand_in_for_the_operators_constants(crm: Crm, sessions: Made) -> None:
    crm.answers = [JSONResponse({})]
    call = action("{{ BASE }}/x", store_response_as="BASE")
    made = orders(call, environment_variables={"BASE": crm.url})
    back = TransitionDecision(edge_id="gone")
    sessions.append(s := Session(made, crm, given("BASE"), back))
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
        "actions": [action("https://crm.example/{{ order }}", headers={"X": "{{ order }}"})],
    }
    with pytest.raises(FlowError) as refused:
        Flow.from_json(json.dumps(document))
    assert [problem.path for problem in refused.value.issues] == [path]


async def test_speech_may_use_what_was_found(crm: Crm, sessions: Made) -> None:
    crm.answers = [JSONResponse({"status": "open"})]
    told = {**look(), "static_text": None, "instruction": "Tell the status {{ results.found.data.status }}."}
    made = flow(node("a", "Which?", edges=[WANTS]), told, END, FAILED, actions=[action(crm.url)])
    sessions.append(s := Session(made, crm, given(), speeches=(GeneratedReply(text="It is open."),)))
    await s.say("hi")
    assert (await s.say("my order")).messages[0].text == "It is open."
    assert s.script.reply_requests[0].instruction == "Tell the status open."
