"""Secrets and private values are kept out of texts and states."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.errors import ConfigurationError
from flows.engine import DialogMachine
from flows.llm import TransitionDecision
from flows.tools.results import REDACTED
from gateway.http.ssrf_guard import SafeFetch
from tests.flows.conversation import flow, node
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


async def test_a_secret_reaches_the_header_alone(crm: Crm, sessions: Made) -> None:
    def echo(request: Request) -> Response:
        return JSONResponse({"status": f"you sent {request.headers['authorization']}"})

    crm.answers = [echo]
    call = build_action(crm.url, headers={"Authorization": "Bearer {{ secrets.TOKEN }}"})
    prying = build_lookup_node()
    prying["static_text"] = "{{ found.data.status }} {{ secrets.TOKEN }} {{ secrets }}"
    prying["instruction"] = "{{ secrets.TOKEN }}"
    made = flow(node("a", "Which?", edges=[WANTS]), prying, END, FAILED, actions=[call])
    sessions.append(
        s := Session(
            made,
            crm,
            script_order(),
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
    call = build_action("{{ BASE }}/x?rows={{ ROWS }}", headers={"X-Key": "{{ env.API_KEY }}"})
    constants = {"BASE": crm.url, "API_KEY": "sk-live-123456", "ROWS": "20"}
    sessions.append(s := Session(build_flow(call, environment_variables=constants), crm, script_order()))
    await s.say("hi")
    step = await s.say("my order")
    assert step.messages[0].text == f"It is {REDACTED} at {crm.url}/x?rows=20."
    assert s.result("found")["data"]["rows"] == "20"


async def test_a_token_is_put_aside_whole_and_also_when_it_is_the_one_that_was_sent(
    crm: Crm, sessions: Made
) -> None:
    token = "tk-" + "x" * 1_000
    crm.answers = [JSONResponse({"token": token, "again": "rt-very-secret"})]
    call = build_action(
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
    both = build_lookup_node()
    both["actions"].append({"trigger": "on_enter", "action_id": "then"})
    made = flow(
        node("a", "Which?", edges=[WANTS]),
        both,
        END,
        FAILED,
        actions=[call, then],
        environment_variables={"REFRESH": "rt-very-secret"},
    )
    sessions.append(s := Session(made, crm, script_order()))
    await s.say("hi")
    await s.say("my order")
    assert crm.requests[1].headers["x-t"] == f"{token} rt-very-secret"
    assert s.result("found")["data"]["again"] == REDACTED


@pytest.mark.parametrize("order", ["..", ".", "..;x", "a/../.."])
async def test_no_value_leads_a_call_to_another_address(crm: Crm, sessions: Made, order: str) -> None:
    call = build_action(f"{crm.url}/v1/orders/{{{{ order }}}}", method="DELETE")
    sessions.append(s := Session(build_flow(call), crm, script_order(order)))
    await s.say("hi")
    assert (await s.say("my order")).node == "failed"
    assert crm.requests == []


def test_a_secret_that_is_not_set_stops_the_start() -> None:
    made = build_flow(build_action("https://crm.example", headers={"X": "{{ secrets.TOKEN }}"}))
    with pytest.raises(ConfigurationError, match="TURNGATE_SECRET_TOKEN"):
        DialogMachine(made, fetch=SafeFetch())


async def test_what_an_action_puts_aside_is_for_other_actions_and_not_for_the_model(
    crm: Crm, sessions: Made
) -> None:
    crm.answers = [JSONResponse({"token": "tk-1", "status": "open"})]
    call = build_action(crm.url, env_updates=[{"env_key": "TOKEN", "result_path": "data.token"}])
    after = {
        "id": "then",
        "name": "t",
        "method": "DELETE",
        "url": f"{crm.url}/x",
        "headers": {"X-T": "{{ TOKEN }}"},
    }
    then = build_lookup_node()
    then["actions"].append({"trigger": "on_exit", "action_id": "then"})
    made = flow(node("a", "Which?", edges=[WANTS]), then, END, FAILED, actions=[call, after])
    sessions.append(s := Session(made, crm, script_order(), TransitionDecision(edge_id="on")))
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
