from __future__ import annotations

import pytest

from flows.authoring.testing import ConversationTestFile, validate_references
from flows.document import FlowError
from tests.flows.conversation import Json, edge, flow, node

CALL = {"id": "look_up", "name": "l", "method": "GET", "url": "https://x.example"}
FLOW = flow(
    node("ask", "Well?", edges=[edge("go", "end")]),
    node("end", "Bye.", is_final=True),
    actions=[CALL],
    global_edges=[edge("stop", "end")],
)


def build_test_file(turn: Json, **more: Json) -> ConversationTestFile:
    return ConversationTestFile.model_validate(
        {"conversations": [{"name": "a", "turns": [turn], **more}], **more}
    )


def test_every_name_that_the_flow_has_not_is_a_mistake_of_the_file() -> None:
    turn = {"say": "hi", "decide": [{}, {"edge": "og"}], "expect": {"node": "aks", "edge": "pots"}}
    with pytest.raises(FlowError) as caught:
        validate_references(build_test_file(turn, answers={"lok_up": {}}), FLOW, "flow.test.yaml")
    assert [str(problem) for problem in caught.value.issues] == [
        "answers.lok_up: There is no action “lok_up” in the flow. Is “look_up” meant?",
        "conversations[0].answers.lok_up: There is no action “lok_up” in the flow. Is “look_up” meant?",
        "conversations[0].turns[0].decide[1].edge: There is no edge “og” in the flow. There are: go, stop.",
        "conversations[0].turns[0].expect.node: There is no node “aks” in the flow. Is “ask” meant?",
        "conversations[0].turns[0].expect.edge: There is no edge “pots” in the flow. There are: go, stop.",
    ]


def test_names_of_the_flow_are_none() -> None:
    turn = {"say": "hi", "decide": {"edge": "go"}, "expect": {"node": "end", "edge": "stop"}}
    validate_references(build_test_file(turn, answers={"look_up": {}}), FLOW, "flow.test.yaml")
