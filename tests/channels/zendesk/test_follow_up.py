"""Follow-ups of closed tickets."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from channels._kit.simulator import UserMessage
from core.model import ControlAction, TurnReceived
from tests.channels.zendesk.simulation import Simulation, list_actions, list_texts

ADA = "ada@example.com"


def send_user_message(desk: Simulation, text: str = "Where is my parcel?") -> TurnReceived:
    """Send a message as Ada and return the turn event."""
    _, deliveries = desk.simulator.send_user_message(UserMessage("zendesk", ADA, text), desk.now)
    found = [each for each in desk.parse_deliveries(deliveries) if isinstance(each, TurnReceived)]
    desk.now += 5
    assert list_texts(list(found)) == [text]
    return found[0]


def run_action(desk: Simulation, move: str, text: str = "") -> list[ControlAction]:
    found = list_actions(desk.parse_deliveries(desk.simulator.run_agent_action(ADA, move, text, desk.now)))
    desk.now += 5
    return found


@pytest.mark.parametrize("by_triggers", [False, True])
async def test_a_follow_up_ticket_continues_the_closed_tickets_session(by_triggers: bool) -> None:
    desk = Simulation(by_triggers=by_triggers)
    first = send_user_message(desk).turn
    await desk.send()
    assert ControlAction.CLOSE in run_action(desk, "close")
    second = send_user_message(desk, "It is still not here").turn

    assert second.session != first.session
    assert await desk.channel.find_previous_session(second, desk.http) == first.session
    assert await desk.channel.find_previous_session(first, desk.http) == ""


async def test_a_follow_up_ticket_of_another_requester_continues_nothing() -> None:
    desk = Simulation()
    send_user_message(desk)
    await desk.send()
    run_action(desk, "close")
    second = send_user_message(desk, "It is still not here").turn
    former = second.address.model_copy(update={"theirs": "77"})
    source = {"via": {"source": {"rel": "follow_up", "from": {"ticket_id": 77}}}}
    tickets: dict[str, Any] = {
        second.address.theirs: {"ticket": {"id": 1, "requester_id": 2, **source}},
        former.theirs: {"ticket": {"id": 77, "requester_id": 3}},
    }

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=tickets[request.url.path.rpartition("/")[2].removesuffix(".json")])

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        assert await desk.channel.find_previous_session(second, http) == ""
        tickets["77"]["ticket"]["requester_id"] = 2
        assert (await desk.channel.find_previous_session(second, http)).endswith(":77")
