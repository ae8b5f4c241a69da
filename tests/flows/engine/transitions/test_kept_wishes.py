"""Two requests in one message: the second is handled after the first, and acts only after a yes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ports import HttpRequest, HttpResponse
from flows.document import Flow
from flows.engine import DialogMachine, TurnResult
from flows.llm import Model, ScriptedModel, TransitionDecision
from flows.locales import lexicon_for
from flows.nlu import recognize_confirmation
from flows.state import DialogState
from flows.state.dialog_state import MAX_KEPT_WISHES, MAX_WISH_LENGTH
from tests.effort import example_count
from tests.flows.conversation import TODAY, Json

WORDS = {
    "en": ("I'd like to donate and get the newsletter", "get the newsletter", "yes", "no", "stop"),
    "de": (
        "ich möchte spenden und den newsletter bekommen",
        "den newsletter bekommen",
        "ja",
        "nein",
        "stopp",
    ),
    "es": ("quiero donar y recibir el boletín", "recibir el boletín", "sí", "no", "cancelar"),
}
KEYWORDS = {
    "en": ("donate", "newsletter", "membership"),
    "de": ("spenden", "newsletter", "mitgliedschaft"),
    "es": ("donar", "boletín", "socio"),
}


class Recorder:
    """Answers every call and records the actions."""

    def __init__(self) -> None:
        self.called: list[str] = []

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        self.called.append(request.label)
        return HttpResponse(status=201, body=b"{}")

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""


def build_flow(language: str = "en", **more: Any) -> Flow:
    give, letter, member = KEYWORDS[language]
    post = {"name": "Post", "method": "POST", "url": "https://charity.example/x"}
    document: Json = {
        "system_prompt": "You are kind.", "initial_node": "start", "agent_language": language,
        "nodes": [
            {
                "id": "start", "name": "Start", "static_text": "Hello!",
                "edges": [
                    {"id": "gives", "condition": "a", "target_node_id": "gift", "keywords": [give]},
                    {"id": "reads", "condition": "b", "target_node_id": "letter", "keywords": [letter]},
                    {"id": "ends", "condition": "c", "target_node_id": "left", "keywords": [member]},
                ],
            },
            {"id": "gift", "node_type": "collect", "then": "gift_ok",
             "slots": [{"name": "amount", "question": "#1?", "type": "integer"}]},
            {"id": "gift_ok", "node_type": "confirm", "collect": "gift", "then": "given",
             "static_text": "#2?"},
            {"id": "given", "name": "Given", "static_text": "Given.", "is_final": True,
             "actions": [{"trigger": "on_enter", "action_id": "give"}]},
            {"id": "letter", "node_type": "collect", "then": "sent",
             "slots": [{"name": "mail", "question": "#3?", "format": "email"}]},
            {"id": "sent", "name": "Sent", "static_text": "Sent.", "is_final": True,
             "actions": [{"trigger": "on_enter", "action_id": "send"}]},
            {"id": "left", "name": "Left", "static_text": "Left.", "is_final": True,
             "actions": [{"trigger": "on_enter", "action_id": "leave"}]},
            {"id": "boss", "name": "Boss", "static_text": "She comes.", "hand_off": True},
        ],
        "global_edges": [
            {"id": "to_boss", "condition": "The user wants a human", "target_node_id": "boss",
             "keywords": ["boss"]}
        ],
        "actions": [{"id": name, **post} for name in ("give", "send", "leave")],
        **more,
    }  # fmt: skip
    return Flow.from_json(json.dumps(document))


def start_recorded(flow: Flow, llm: str | Model = "rules") -> tuple[DialogMachine, Recorder]:
    recorder = Recorder()
    return DialogMachine(flow, llm, fetch=recorder, today=lambda: TODAY), recorder


async def say(machine: DialogMachine, *texts: str) -> TurnResult:
    for text in texts[:-1]:
        await machine.turn(text)
    return await machine.turn(texts[-1])


def read_kept_wishes(machine: DialogMachine) -> list[str]:
    return [wish.text for wish in DialogState.from_json(machine.state).kept]


@pytest.mark.parametrize("language", WORDS)
async def test_the_second_wish_is_taken_up_after_the_first_is_done(language: str) -> None:
    both, second, yes, *_ = WORDS[language]
    machine, recorder = start_recorded(build_flow(language))
    first = await machine.turn(both)
    assert (first.node, read_kept_wishes(machine)) == ("ask_amount", [second])
    assert any(second in message.text for message in first.messages)
    done = await say(machine, "20", yes)
    assert (done.outcome, done.node, read_kept_wishes(machine)) == ("advance", "ask_mail", [])
    assert second in done.messages[-2].text
    assert recorder.called == ["give"]
    assert (await machine.turn("a@b.example")).node == "sent"
    assert recorder.called == ["give", "send"]


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize(("answer", "actions"), [("yes", ["give", "leave"]), ("no", ["give"])])
async def test_an_action_is_asked_about_before(language: str, answer: str, actions: list[str]) -> None:
    _, _, yes, no, _ = WORDS[language]
    both = {
        "en": "hello, I donate and my membership",
        "de": "hallo, ich will spenden und meine mitgliedschaft",
        "es": "hola, quiero donar y ser socio",
    }
    machine, recorder = start_recorded(build_flow(language))
    asked = await say(machine, both[language], "20", yes)
    assert asked.messages[-1].text.endswith("?")
    assert asked.messages[-1].choices[0].payload.casefold() == yes
    assert recorder.called == ["give"]
    await machine.turn({"yes": yes, "no": no}[answer])
    assert recorder.called == actions
    assert read_kept_wishes(machine) == []


@pytest.mark.parametrize("text", ["yes but what does it cost?", "hm", "yes if I can", "later"])
async def test_no_other_answer_is_a_yes(text: str) -> None:
    machine, recorder = start_recorded(build_flow())
    await say(machine, "hello, donate and my membership", "20", "yes", text)
    assert recorder.called == ["give"]


@pytest.mark.parametrize("language", WORDS)
async def test_a_user_who_stops_wants_no_more(language: str) -> None:
    both, _, _, _, stop = WORDS[language]
    machine, recorder = start_recorded(build_flow(language))
    await say(machine, both, stop)
    assert read_kept_wishes(machine) == []
    assert recorder.called == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I'd like to donate, the newsletter was great"),
        ("en", "I'd like to donate, I don't need a newsletter"),
        ("de", "ich möchte spenden, euer newsletter war toll"),
        ("de", "ich möchte spenden und brauche keinen newsletter"),
        ("es", "quiero donar, el boletín está muy bien"),
    ],
)
async def test_a_statement_beside_a_wish_is_not_a_wish(language: str, text: str) -> None:
    machine, _ = start_recorded(build_flow(language))
    assert ((await machine.turn(text)).node, read_kept_wishes(machine)) == ("ask_amount", [])


async def test_a_hand_off_and_a_new_beginning_drop_it() -> None:
    machine, _ = start_recorded(build_flow())
    await say(machine, WORDS["en"][0], "the boss please")
    assert read_kept_wishes(machine) == []
    assert DialogState.from_json(machine.state).restarted().kept == ()


async def test_a_wish_that_already_says_everything_is_asked_about_before_its_action() -> None:
    machine, recorder = start_recorded(build_flow())
    asked = await say(
        machine, "I'd like to donate and get the newsletter to my mail a@b.example", "20", "yes"
    )
    assert asked.messages[-1].text.endswith("Shall I do that now?")
    assert recorder.called == ["give"]
    await machine.turn("yes please")
    assert recorder.called == ["give", "send"]


async def test_it_is_taken_up_where_the_first_wish_leads_back() -> None:
    made = build_flow(
        faq=[{"id": "hours", "questions": ["when are you open?"], "keywords": ["hours"], "answer": "From 9."}]
    )
    machine, _ = start_recorded(made)
    answer = await machine.turn("when are you open and can I get the newsletter?")
    assert "From 9." in answer.text
    assert answer.node == "ask_mail"


async def test_it_is_taken_up_where_another_wish_is_asked_for() -> None:
    more = [
        {"id": "reads_too", "condition": "a", "target_node_id": "letter", "keywords": ["newsletter"]},
        {"id": "no_more", "condition": "The user wants nothing else", "target_node_id": "bye"},
    ]
    document = json.loads(build_flow().model_dump_json(exclude_unset=True))
    document["nodes"] += [
        {"id": "else", "name": "Else", "static_text": "Anything else?", "edges": more},
        {"id": "bye", "name": "Bye", "static_text": "Bye.", "is_final": True},
    ]
    given = next(node for node in document["nodes"] if node["id"] == "given")
    given |= {"is_final": False, "auto_proceed": True}
    given["edges"] = [{"id": "on", "condition": "Always", "target_node_id": "else"}]
    machine, recorder = start_recorded(Flow.model_validate(document))
    answer = await say(machine, WORDS["en"][0], "20", "yes")
    assert [message.text for message in answer.messages][-2:] == [
        "You also asked: “get the newsletter”.",
        "#3?",
    ]
    assert recorder.called == ["give"]


async def test_the_first_wish_continues_where_its_menu_knows_the_second_too() -> None:
    document = json.loads(build_flow().model_dump_json(exclude_unset=True))
    start = next(node for node in document["nodes"] if node["id"] == "start")
    inner = {**start, "id": "inner", "name": "Inner", "static_text": "What of it?"}
    inner["edges"] = [{**edge, "id": f"inner_{edge['id']}"} for edge in start["edges"]]
    start["edges"][0]["target_node_id"] = "inner"
    machine, _ = start_recorded(Flow.model_validate({**document, "nodes": [*document["nodes"], inner]}))
    answer = await machine.turn(WORDS["en"][0])
    assert (answer.node, read_kept_wishes(machine)) == ("inner", ["get the newsletter"])


async def test_every_call_of_a_model_is_considered() -> None:
    model = ScriptedModel(
        [
            TransitionDecision("gives", later_edges=("reads",)),
            TransitionDecision("amount_given", {"amount": 20}),
            TransitionDecision("reads"),
        ]
    )
    machine, recorder = start_recorded(build_flow(), model)
    assert (await machine.turn("a gift for you and then your paper by mail")).node == "ask_amount"
    assert read_kept_wishes(machine) == ["then your paper by mail"]
    answer = await say(machine, "20", "yes")
    assert (answer.node, recorder.called) == ("ask_mail", ["give"])


async def test_a_model_that_fails_meanwhile_loses_neither_the_action_nor_the_wish() -> None:
    model = ScriptedModel(
        [
            TransitionDecision("gives", later_edges=("reads",)),
            TransitionDecision("amount_given", {"amount": 20}),
        ]
    )
    machine, recorder = start_recorded(build_flow(), model)
    answer = await say(machine, "a gift for you and then your paper by mail", "20", "yes")
    assert recorder.called == ["give"]
    assert answer.messages[-1].text.endswith("Shall I do that now?")


def test_wishes_are_few_and_short_and_old_states_have_none() -> None:
    state = DialogState()
    state.enter_node("start")
    state.keep_wishes(["x" * 1_000, "y", "z"])
    assert [len(wish.text) for wish in state.kept] == [MAX_WISH_LENGTH, 1]
    assert len(state.kept) == MAX_KEPT_WISHES
    assert DialogState.from_json(json.loads(json.dumps(state.to_json()))) == state
    for version in (1, 2):
        assert DialogState.from_json({"schema_version": version, "node": "start"}).kept == ()


@pytest.mark.parametrize("language", WORDS)
async def test_words_that_only_accompany_a_yes_are_not_a_yes(language: str) -> None:
    """“Thanks”, “hello” and the like are allowed beside a yes to an action, and are no yes to a kept wish."""
    both = {
        "en": "hello, newsletter and the membership",
        "de": "hallo, newsletter und die mitgliedschaft",
        "es": "hola, el boletín y ser socio",
    }[language]
    words = lexicon_for(language).clauses.consent_companions
    empty = [word for word in sorted(words) if not recognize_confirmation(word, language)]
    assert {"en": "thanks", "de": "danke", "es": "gracias"}[language] in empty
    asked, _ = start_recorded(build_flow(language))
    await say(asked, both, "a@b.example")
    assert DialogState.from_json(asked.state).kept[0].is_asked

    for word in empty:
        machine, recorder = start_recorded(build_flow(language))
        machine.state = asked.state
        await machine.turn(word)
        assert "leave" not in recorder.called, word


_TEXTS = (
    *("20", "no", "yes", "a@b.example", "stop", "hello", "newsletter", "hm", "yes but wait", "the boss"),
    "thanks",
)


@given(
    first=st.sampled_from(["donate", "newsletter"]),
    others=st.lists(st.sampled_from(["newsletter", "membership", "donate"]), min_size=1, max_size=2),
    texts=st.lists(st.sampled_from(_TEXTS), max_size=8),
)
@settings(max_examples=example_count(60, 25))
async def test_a_kept_wish_never_does_anything_without_a_yes(
    first: str, others: list[str], texts: list[str]
) -> None:
    machine, recorder = start_recorded(build_flow())
    await machine.turn(f"hello, {first} {' '.join(f'and the {other}' for other in others)}")
    for text in texts:
        before = list(recorder.called)
        asked = any(wish.is_asked for wish in DialogState.from_json(machine.state).kept)
        await machine.turn(text)
        done = recorder.called[len(before) :]
        if "leave" in done:
            assert asked
            assert text == "yes"
        assert len(done) <= 1
