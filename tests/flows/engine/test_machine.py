from __future__ import annotations

import asyncio
import gc
import json
from typing import Any

import pytest

from core.errors import ConfigurationError
from core.ports import Dialog, State
from flows.compiled import compile_flow
from flows.document import Flow, FlowSet
from flows.engine import DialogMachine
from flows.llm import ScriptedModel, TransitionDecision, TransitionRequest
from flows.tools import Context, ToolCallRequest
from tests.flows.conversation import LIBRARY, edge, flow, load_library, machine, node, say, turn


async def test_a_machine_is_a_dialog_that_holds_nothing_between_turns() -> None:
    dialog: Dialog = load_library("kyc")
    first = await dialog.answer(turn("hi"), None)
    other = await dialog.answer(turn("4321"), first.state)
    assert (other.node, other.outcome, other.edge) == ("ask_date_of_birth", "advance", "last_four_given")
    assert other.details == {"model": "rules", "tokens": "0"}
    assert (await dialog.answer(turn("4322"), first.state)).state["slots"] == {"last_four": "4322"}


async def test_sessions_may_run_at_the_same_time() -> None:
    dialog = load_library("kyc")

    async def verify(digits: str) -> State:
        state: State | None = None
        for text in ("hi", digits, "23 April 1990", "yes"):
            state = (await dialog.answer(turn(text), state)).state
        assert state is not None
        return state

    states = await asyncio.gather(*(verify(f"{number:04}") for number in range(50)))
    assert [state["slots"] for state in states] == [
        {"last_four": f"{number:04}", "date_of_birth": "1990-04-23"} for number in range(50)
    ]


async def test_a_state_moves_to_another_machine_as_json() -> None:
    first = load_library("kyc")
    await say(first, "hi", "4321")
    assert first.state is not None
    moved = DialogMachine(Flow.load(LIBRARY / "kyc.json"), state=json.loads(json.dumps(first.state)))
    assert (await moved.turn("23 April 1990")).node == "confirm"


async def test_a_cancelled_turn_changes_nothing() -> None:
    waiting, release = asyncio.Event(), asyncio.Event()

    class SlowModel(ScriptedModel):
        async def decide(self, question: TransitionRequest) -> TransitionDecision:
            waiting.set()
            await release.wait()
            return TransitionDecision(edge_id="go")

    dialog = machine(
        flow(node("a", "A?", edges=[edge("go", "b")]), node("b", "B.", is_final=True)), SlowModel()
    )
    await dialog.turn("hi")
    before = dialog.state
    task = asyncio.create_task(dialog.turn("go"))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert dialog.state == before
    release.set()
    assert (await dialog.turn("go")).outcome == "final"


async def test_turns_of_one_machine_run_one_after_another() -> None:
    dialog = load_library("kyc")
    answers = await asyncio.gather(*(dialog.turn(text) for text in ("hi", "4321", "23 April 1990", "yes")))
    assert [answer.node for answer in answers] == [
        "ask_last_four",
        "ask_date_of_birth",
        "confirm",
        "verified",
    ]


async def test_reset_forgets_the_conversation() -> None:
    dialog = load_library("kyc")
    await say(dialog, "hi", "4321")
    dialog.reset()
    assert (dialog.state, dialog.is_complete) == (None, False)
    assert (await dialog.turn("hi")).node == "ask_last_four"


async def test_the_result_joins_its_messages_by_blank_lines() -> None:
    answer = await say(load_library("support"), "hi", "opening hours")
    assert answer.text == "\n\n".join(message.text for message in answer.messages)
    assert (answer.model, answer.tokens, answer.hand_off) == ("rules", 0, False)


@pytest.mark.parametrize("name", ["", "gpt", "openai", "openai/", "Rules", "rules/x"])
def test_a_model_of_no_known_name_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_LLM"):
        DialogMachine(Flow.load(LIBRARY / "kyc.json"), name)


def test_a_flow_is_compiled_once_and_let_go_with_it() -> None:
    made = flow(node("a", "A.", is_final=True))
    one, other = DialogMachine(made), DialogMachine(made)
    assert one._runner.compiled[""]["en"] is other._runner.compiled[""]["en"] is compile_flow(made)
    key = id(made)
    del one, other, made
    gc.collect()
    from flows.compiled.flow import _compiled_flows, _compiled_languages

    assert key not in {**_compiled_flows, **_compiled_languages}


def test_a_flow_of_several_languages_is_compiled_once_too() -> None:
    kyc = Flow.load(LIBRARY / "kyc.json")
    one, other = DialogMachine(kyc)._runner.compiled[""], DialogMachine(kyc)._runner.compiled[""]
    assert list(one) == ["en", *kyc.languages]
    assert all(one[code] is other[code] for code in one)


async def test_closing_a_machine_closes_its_model() -> None:
    await load_library("kyc").aclose()


async def test_a_note_for_the_model_is_not_seen_by_the_user() -> None:
    script = ScriptedModel([TransitionDecision(reply="Good evening, Ada.")])
    dialog = machine(
        flow(node("a", "Hello!", edges=[edge("go", "b")]), node("b", "B.", is_final=True)), script
    )
    await dialog.start()
    dialog.assist("The user is called Ada.")
    await dialog.turn("good evening, do you know me?")
    assert [(line["role"], line["content"]) for line in script.transition_requests[0].history][1] == (
        "system",
        "The user is called Ada.",
    )


async def test_the_callers_context_is_known_and_replaces_nothing() -> None:
    made = flow(
        node("a", "Hello {{ name }} of {{ BANK }}!", is_final=True), environment_variables={"BANK": "HB"}
    )
    assert (await machine(made).turn("hi", context={"name": "Ada", "BANK": "x"})).text == "Hello Ada of HB!"


async def test_a_conversation_may_continue_in_another_flow_with_its_values() -> None:
    learns = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    first = flow(
        node("a", "Who?", edges=[edge("go", "b", input_schema=learns)]), node("b", "B?", is_final=True)
    )
    second = flow(node("a", "Hello {{ name }}!", is_final=True))
    script = ScriptedModel([TransitionDecision(edge_id="go", slots={"name": "Ada"})])
    dialog = DialogMachine(FlowSet({"first": first, "second": second}), script)
    assert (await say(dialog, "hi", "Ada")).text == "B?"
    dialog.switch_flow("second")
    assert (await dialog.turn("")).text == "Hello Ada!"
    dialog.switch_flow("second", preserve_memory=False)
    assert (await dialog.turn("")).text == "Hello !"
    with pytest.raises(KeyError, match="first, second"):
        dialog.switch_flow("third")


async def test_a_node_that_was_rewritten_repeats_its_question() -> None:
    def build_flow(drink: str, end: str) -> Flow:
        asked = node("a", drink, edges=[edge("go", "b", keywords=["yes"])])
        return flow(asked, node("b", end, is_final=True))

    dialog = machine(build_flow("Tea?", "B."))
    await dialog.turn("hi")
    dialog.replace_flow(build_flow("Coffee?", "B."))
    assert (await dialog.turn("yes")).text == "Coffee?"
    assert (await dialog.turn("yes")).text == "B."
    dialog.reset()
    await dialog.turn("hi")
    dialog.replace_flow(build_flow("Coffee?", "C."))
    assert (await dialog.turn("yes")).text == "C."


async def test_the_result_has_the_resources_of_the_turn() -> None:
    assert (await load_library("kyc").turn("hi")).seconds > 0


async def test_an_answer_in_another_language_is_not_lost() -> None:
    dialog = load_library("kyc")
    await dialog.turn("hi")
    answer = await dialog.turn("meine letzten Ziffern sind 4321")
    assert (answer.node, answer.edge) == ("ask_date_of_birth", "last_four_given")
    assert "geboren" in answer.text


async def test_a_language_is_a_word_like_others_where_only_one_is_spoken() -> None:
    made = flow(
        node("a", "Hello!", edges=[edge("german", "b", keywords=["german"])]), node("b", "We teach German.")
    )
    assert (await machine(made).turn("German")).text == "Hello!\n\nWe teach German."


async def test_a_language_may_be_the_answer_where_languages_are_asked_for() -> None:
    asks_for = {"type": "object", "properties": {"to": {"enum": ["german", "french"]}}, "required": ["to"]}
    made = flow(
        node("a", "Into which language?", edges=[edge("given", "b", input_schema=asks_for)]),
        node("b", "Into {{ to }}."),
        agent_language="en",
        languages={"de": {"nodes": {"a": {"static_text": "In welche Sprache?"}}}},
    )
    dialog = machine(made)
    await dialog.start()
    assert (await dialog.turn("German")).text == "Into german."


async def test_facts_have_the_names_that_other_programs_know() -> None:
    answer = await say(load_library("kyc"), "hi", "4321")
    assert answer.metadata == {
        "to_node": "ask_date_of_birth",
        "edge_id": "last_four_given",
        "outcome": "advance",
        "actions_fired": [],
        "model": "rules",
    }


async def test_half_a_character_does_no_harm_to_the_turns_that_follow() -> None:
    dialog = machine(
        flow(node("a", "Hello!", edges=[edge("go", "a")])), ScriptedModel([TransitionDecision()] * 3)
    )
    for text in ("hi", "half \ud83d an emoji", "go on"):
        await dialog.turn(text)
    assert "half � an emoji" in json.dumps(dialog.state, ensure_ascii=False).encode().decode()


async def test_notes_before_the_start_reach_the_model_and_the_greeting_uses_the_context() -> None:
    model = ScriptedModel([TransitionDecision()])
    dialog = machine(flow(node("a", "Hello {{ name }}!", edges=[edge("go", "a")])), model)
    dialog.assist("They are a guest.")
    assert (await dialog.start({"name": "Ada"})).text == "Hello Ada!"
    await dialog.turn("hm")
    assert "They are a guest." in [line["content"] for line in model.transition_requests[0].history]


async def test_a_restart_after_a_change_of_flow_stays_in_it() -> None:
    other = flow(node("b", "Goodbye!"))
    dialog = DialogMachine(FlowSet({"one": load_library("kyc").flow, "two": other}))
    dialog.switch_flow("two")
    assert (await dialog.start()).text == "Goodbye!"
    assert (await dialog.start()).text == "Goodbye!"
    dialog.reset()
    assert (await dialog.turn("hi")).text == "Goodbye!"


@pytest.mark.parametrize("context", [{"name": "x" * 5_000}, {"name": object()}])
async def test_a_context_that_no_state_has_room_for_is_refused(context: dict[str, Any]) -> None:
    dialog = load_library("kyc")
    with pytest.raises(ValueError, match=r"context has 5,\d\d\d characters|serialize"):
        await dialog.turn("hi", context)
    assert dialog.state is None


async def test_a_quick_reply_that_names_an_edge_asks_no_model() -> None:
    asks_more = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    made = flow(
        node(
            "a",
            "Hello!",
            choices=[{"label": "Yes", "payload": "go"}, {"label": "Some", "payload": "count"}],
            edges=[edge("go", "b"), edge("count", "b", input_schema=asks_more)],
        ),
        node("b", "The end.", is_final=True),
    )
    for said in (turn("", payload="go"), turn("yes")):
        dialog = machine(made, ScriptedModel())
        await dialog.start()
        assert (await dialog.turn(said)).node == "b"
    model = ScriptedModel([TransitionDecision("count", {"n": 2})])
    dialog = machine(made, model)
    await dialog.start()
    assert (await dialog.turn("some")).node == "b"
    model.assert_complete()


async def test_nobody_sends_themselves_over_an_edge_that_was_not_offered_to_be_tapped() -> None:
    made = flow(
        node("a", "Hello!", edges=[edge("paid", "b", "The payment has arrived")]), node("b", "Thanks!")
    )
    model = ScriptedModel([TransitionDecision()])
    dialog = machine(made, model)
    await dialog.start()
    assert (await dialog.turn(turn("", payload="paid"))).node == "a"
    model.assert_complete()


async def test_the_same_message_of_two_users_has_two_idempotency_keys() -> None:
    keys: list[str] = []

    def order(context: Context) -> str:
        """Order it."""
        keys.append(context.key)
        return "ordered"

    made = flow(node("a", "Hello!", edges=[edge("go", "a")]))
    one = DialogMachine(
        made,
        ScriptedModel([TransitionDecision(calls=(ToolCallRequest("order", {}),)), TransitionDecision()] * 3),
        [order],
    )
    other = one.clone()
    for dialog in (one, other):
        await dialog.start()
        await dialog.turn("order it")
    await one.turn("order it")
    assert len(set(keys)) == len(keys) == 3


@pytest.mark.parametrize("llm", [None, 3, object()])
def test_what_is_no_model_is_refused_at_once(llm: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"a model is required here, not .*: give its name"):
        DialogMachine(Flow.load("kyc"), llm)
    sound = DialogMachine(Flow.load("kyc"))
    with pytest.raises(ConfigurationError, match="it lacks name, decide"):
        sound.model = llm


async def test_the_model_of_the_next_turns_may_be_given_by_its_name() -> None:
    changed = DialogMachine(Flow.load("kyc"), ScriptedModel())
    changed.model = "rules"

    assert changed.model.name == "rules"
    assert (await changed.turn("hi")).node == "ask_last_four"
