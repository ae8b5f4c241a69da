from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from flows.authoring.testing import (
    ConversationTestFile,
    conversation_file_path,
    run_conversations,
    to_junit_xml,
)
from flows.authoring.testing.runner import ConversationTestReport
from flows.document import Flow, FlowError
from flows.llm import ModelError, ScriptedModel, TransitionDecision
from tests.flows.conversation import Json, edge, flow, input_schema, node


def build_flow() -> Flow:
    size = input_schema(size={"enum": ["small", "large"]})
    return flow(
        node("ask", "Which tea?", choices=["Small", "Large"], edges=[edge("go", "pour", input_schema=size)]),
        node("pour", "A {{ size }} one.", auto_proceed=True, edges=[edge("served", "end")]),
        node("end", "Enjoy.", is_final=True),
        node("why", "Because."),
        global_edges=[edge("why", "why", keywords=["why"])],
    )


def build_test_file(*turns: Json) -> ConversationTestFile:
    return ConversationTestFile.model_validate({"conversations": [{"name": "tea", "turns": list(turns)}]})


async def run_with_rules(*turns: Json) -> tuple[str, ...]:
    return (await run_conversations(build_flow(), build_test_file(*turns))).cases[0].failures


async def test_what_comes_as_expected_passes() -> None:
    trial = await run_conversations(
        build_flow(),
        build_test_file(
            {"say": "hi", "expect": {"reply": "tea", "node": "ask", "choices": ["Small", "Large"]}},
            {
                "say": "large",
                "expect": {
                    "reply": ["large", "Enjoy"],
                    "slots": {"size": "large"},
                    "edge": "go",
                    "outcome": "final",
                    "choices": [],
                },
            },
        ),
    )
    assert trial.has_passed


@pytest.mark.parametrize(
    ("expect", "sentence"),
    [
        ({"reply": "coffee"}, "1. “hi”: the reply has no “coffee”: 'Which tea?'"),
        ({"node": "end"}, "1. “hi”: node is “ask”, not “end”"),
        ({"edge": "go"}, "1. “hi”: edge is “”, not “go”"),
        ({"outcome": "final"}, "1. “hi”: outcome is “stay”, not “final”"),
        ({"slots": {"size": "large"}}, "1. “hi”: slot size is None, not 'large'"),
        ({"choices": []}, "1. “hi”: the choices are Small, Large"),
    ],
)
async def test_each_difference_is_reported_in_a_sentence(expect: Json, sentence: str) -> None:
    assert await run_with_rules({"say": "hi", "expect": expect}) == (sentence,)


async def test_each_conversation_starts_from_the_beginning() -> None:
    two = ConversationTestFile.model_validate(
        {
            "conversations": [
                {"name": "a", "turns": [{"say": "hi"}, {"payload": "Small"}]},
                {"name": "b", "turns": [{"say": "hi", "expect": {"node": "ask", "outcome": "stay"}}]},
            ]
        }
    )
    assert (await run_conversations(build_flow(), two)).has_passed


async def test_nodes_and_edges_that_no_conversation_went_through_are_named() -> None:
    trial = await run_conversations(build_flow(), build_test_file({"say": "hi"}, {"say": "small"}))
    assert trial.coverage.report_lines() == [
        "nodes: 3 of 4; never: why",
        "edges: 2 of 3; never: anywhere → why",
    ]
    asked = await run_conversations(
        build_flow(), build_test_file({"say": "hi"}, {"say": "why"}, {"say": "small"})
    )
    assert asked.coverage.report_lines() == ["nodes: 4 of 4", "edges: 3 of 3"]


async def test_a_trial_takes_any_model() -> None:
    model = ScriptedModel([TransitionDecision(edge_id="go", slots={"size": "small"}), ModelError("down")])
    trial = await run_conversations(
        build_flow(), build_test_file({"say": "hi"}, {"say": "one", "expect": {"node": "end"}}), model
    )
    assert trial.has_passed


async def run_scripted(*turns: Json) -> tuple[str, ...]:
    return (await run_conversations(build_flow(), build_test_file(*turns), "scripted")).cases[0].failures


async def test_a_scripted_model_decides_what_is_written_down() -> None:
    one = {"say": "the little one", "decide": {"edge": "go", "slots": {"size": "small"}}}
    assert (
        await run_scripted({"say": "hi"}, {**one, "expect": {"reply": "A small one.", "node": "end"}}) == ()
    )
    stay = {"say": "hm", "decide": {"reply": "Take your time."}, "expect": {"reply": "Take", "node": "ask"}}
    assert await run_scripted({"say": "hi"}, stay, one) == ()


async def test_a_scripted_model_says_what_is_written_down() -> None:
    made = flow(node("a", instruction="Be kind.", edges=[edge("on", "b")]), node("b", "B.", is_final=True))
    turn = {"say": "hi", "speak": "Good day.", "expect": {"reply": "Good day."}}
    assert (await run_conversations(made, build_test_file(turn), "scripted")).has_passed


@pytest.mark.parametrize(
    ("turn", "sentence"),
    [
        ({"say": "one"}, "2. “one”: the model is asked to decide at “ask”, without a decide"),
        (
            {"say": "one", "decide": [{"edge": "served"}, {}]},
            "2. “one”: edge “served” is not offered, but go, why",
        ),
    ],
)
async def test_a_scripted_model_decides_nothing_else(turn: Json, sentence: str) -> None:
    assert (await run_scripted({"say": "hi"}, turn))[0] == sentence


async def test_what_a_scripted_model_was_not_asked_for_is_named() -> None:
    turn = {"say": "hi", "decide": [{"edge": "go"}, {}], "speak": "Well."}
    assert await run_scripted(turn) == ("1. “hi”: not asked for: decide go, decide to stay, speak “Well.”",)


async def test_what_a_scripted_model_would_decide_is_nothing_to_another() -> None:
    assert await run_with_rules({"say": "hi", "decide": {"edge": "go"}, "expect": {"node": "ask"}}) == ()


async def run_failing() -> ConversationTestReport:
    return await run_conversations(
        build_flow(), build_test_file({"say": "<hi> & \x00", "expect": {"reply": ["“”]]>"]}})
    )


async def test_results_are_written_as_junit() -> None:
    root = ElementTree.fromstring(to_junit_xml(await run_failing(), "tea & co"))
    assert (root.get("name"), root.get("tests"), root.get("failures")) == ("tea & co", "1", "1")
    failure = root.find("testcase/failure")
    assert failure is not None
    assert "]]>" in (failure.text or "")
    passed = ElementTree.fromstring(
        to_junit_xml(await run_conversations(build_flow(), build_test_file({"say": "hi"})), "tea")
    )
    assert passed.find("testcase/failure") is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("conversations: []", "conversations"),
        ("conversations: [{name: a, turns: [{sya: hi}]}]", "conversations[0].turns[0].sya"),
        ("conversations: [{name: a, turns: [{say: yes}]}]", "conversations[0].turns[0].say"),
        ("conversations: [{turns: [{say: hi}]}]", "conversations[0].name"),
        ("conversations: [{name: a, turns: [{}]}]", "conversations[0].turns[0]"),
        (
            "conversations: [{name: a, turns: [{say: hi, expect: {outcome: fnal}}]}]",
            "conversations[0].turns[0].expect.outcome",
        ),
    ],
)
def test_a_script_with_a_mistake_is_refused_by_its_place(text: str, path: str, tmp_path: Path) -> None:
    (tmp_path / "flow.test.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(FlowError) as caught:
        ConversationTestFile.load(tmp_path / "flow.test.yaml")
    assert [problem.path for problem in caught.value.issues] == [path]


def test_a_test_file_is_found_beside_its_flow() -> None:
    assert conversation_file_path("flows/kyc.json") == Path("flows/kyc.test.yaml")
