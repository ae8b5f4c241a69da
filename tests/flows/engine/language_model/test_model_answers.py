"""A model's output is checked before it is sent, and a confirmation before the model's choice applies."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from flows.authoring.testing.stub_fetch import StubFetch
from flows.engine import DialogMachine
from flows.llm import (
    STAY_FUNCTION_NAME,
    GeneratedReply,
    ModelError,
    ScriptedModel,
    TransitionDecision,
    create_model,
)
from flows.llm.openai.model import OpenAIModel
from flows.state import DialogState
from tests.flows.conversation import edge, flow, input_schema, load_library, machine, node, say
from tests.flows.openai_server import (
    OpenAIServer,
    build_call,
    build_completion,
    build_streamed_call,
    build_text_answer,
)

PROMPT = (
    "You are the bot of Hillside Bakery. Never give a discount of more than ten percent to anybody who asks."
    "\n"
    'Opening hours: "We are open from seven in the morning until six in the evening on weekdays."'
)
INSTRUCTION = "Find out what they want to order and do not mention that almond cake is sold out today."
CONDITION = "The customer has chosen one of the cakes and said how many pieces of it they want"
CAKE = input_schema(cake={"type": "string"})
MADE = flow(
    node(
        "a",
        "Hello! Which cake?",
        instruction=INSTRUCTION,
        edges=[edge("chosen", "b", CONDITION, input_schema=CAKE)],
    ),
    node(
        "b",
        instruction="Say goodbye and keep secret that the oven was broken the whole morning.",
        is_final=True,
    ),
    node("person", "A colleague takes over.", hand_off=True),
    system_prompt=PROMPT,
    global_edges=[edge("to_person", "person", "The customer wants to reach a colleague of the bakery")],
    tools=[
        {
            "id": "stock",
            "name": "Stock",
            "type": "http",
            "url": "https://stock.example/cakes",
            "description": "Look up how many pieces of a cake are left in the storage room of the bakery",
            "input_schema": {"type": "object", "properties": {}},
        }
    ],
)
FALLBACK = "Sorry, I didn't get that. Hello! Which cake?"
LEAKS = [
    INSTRUCTION,
    PROMPT.splitlines()[0],
    f"My instructions say: {CONDITION.upper()}!",
    f"Sure!\n\n- **{CONDITION}**",
    "I was told: never give a discount\nof more than ten percent to anybody who asks.",
    "You steer a conversation by text message. Call exactly one function.",
    "Stay where you are unless one function clearly matches the user's last message",
    "Look up how many pieces of a cake are left in the storage room of the bakery",
    "The customer wants to reach a colleague of the bakery",
]


async def run_turn(
    *decisions: TransitionDecision | Exception, text: str = "hm"
) -> tuple[str, str, ScriptedModel]:
    model = ScriptedModel(decisions)
    dialog = DialogMachine(MADE, model, fetch=StubFetch({}))
    result = await say(dialog, "hi", text)
    return result.text, result.issue, model


@pytest.mark.parametrize("leak", LEAKS)
async def test_a_reply_that_gives_private_text_away_is_never_sent(leak: str) -> None:
    text, issue, model = await run_turn(TransitionDecision(reply=leak), TransitionDecision(reply=leak))
    assert (text, issue) == (FALLBACK, "leaked")
    first, second = model.transition_requests
    assert (first.note, "not sent" in second.note) == ("", True)


async def test_a_reply_is_asked_for_once_more_and_then_sent() -> None:
    leak, better = (
        TransitionDecision(reply=INSTRUCTION),
        TransitionDecision(reply="Which one would you like?"),
    )
    assert (await run_turn(leak, better))[:2] == ("Which one would you like?", "")
    assert (await run_turn(leak, TransitionDecision(edge_id="to_person")))[0] == "A colleague takes over."
    assert (await run_turn(leak, ModelError("down")))[:2] == (FALLBACK, "leaked")


@pytest.mark.parametrize(
    "reply",
    [
        "We are open from seven in the morning until six in the evening on weekdays.",
        "Hello! Which cake? Hello! Which cake?",
        "You would like one of the cakes, and how many pieces?",
        "You said: what do you do if somebody asks for almond cake and it is sold out today?",
    ],
    ids=["quoted fact", "own question", "some shared words", "the user's words"],
)
async def test_what_may_be_said_is_sent(reply: str) -> None:
    asked = "what do you do if somebody asks for almond cake and it is sold out today?"
    text, issue, _ = await run_turn(TransitionDecision(reply=reply), text=asked)
    assert (text, issue) == (reply, "")


async def test_a_message_for_a_node_is_checked_too() -> None:
    secret = "The oven was broken the whole morning. Say goodbye and keep secret that the oven was broken!"
    chosen = TransitionDecision("chosen", {"cake": "lemon"}, reply=secret)
    model = ScriptedModel([chosen], [GeneratedReply(secret), GeneratedReply("Goodbye!")])
    assert (await say(machine(MADE, model), "hi", "one lemon")).text == "Goodbye!"
    model = ScriptedModel([chosen], [GeneratedReply(secret), GeneratedReply(secret)])
    result = await say(machine(MADE, model), "hi", "one lemon")
    assert ("oven" in result.text, result.outcome, result.issue) == (False, "final", "leaked")
    assert result.failures == ("scripted:leaked",) * 2


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[OpenAIModel]:
    made = OpenAIModel("small", api_key="k", base_url=server.url, retries=0)
    yield made
    await made.aclose()


async def test_private_text_is_not_streamed_either(server: OpenAIServer, model: OpenAIModel) -> None:
    dialog = machine(MADE, model)
    await dialog.turn("hi")
    pieces = [f"{word} " for word in f"Well. {INSTRUCTION}".split()]
    server.answers = [
        build_streamed_call(STAY_FUNCTION_NAME, '{"brief_response": "', *pieces, '"}'),
        build_call(STAY_FUNCTION_NAME, {"brief_response": "Which one?"}),
    ]
    chunks = [chunk async for chunk in await dialog.turn("hm", stream=True)]
    streamed = "".join(chunk.text for chunk in chunks)
    assert "what they want" not in streamed
    assert (chunks[-1].text, chunks[-1].is_restart) == ("Which one?", True)


PROMISES = [
    "I will transfer you to an agent now.",
    "One moment, connecting you with a colleague.",
    "Your order has been placed!",
    "I have booked the table for you.",
    "Ich verbinde Sie mit einem Mitarbeiter.",
    "Ihre Bestellung wurde storniert.",
    "Su pedido ha sido cancelado.",
]


@pytest.mark.parametrize("promise", PROMISES)
async def test_a_promised_action_that_did_not_happen_is_noticed(promise: str) -> None:
    reply = TransitionDecision(reply=promise)
    text, issue, model = await run_turn(reply, reply)
    assert (text, issue) == (FALLBACK, "promised")
    assert "no function was called" in model.transition_requests[1].note
    assert (await run_turn(reply, TransitionDecision(edge_id="to_person")))[0] == "A colleague takes over."


@pytest.mark.parametrize(
    "reply",
    [
        "If you like, I'll connect you to an agent.",
        "Has your order been placed already?",
        "Once you have paid, your order is confirmed.",
        "Your order has not been placed yet.",
    ],
)
async def test_an_offer_or_a_question_is_not_a_promise(reply: str) -> None:
    assert (await run_turn(TransitionDecision(reply=reply)))[:2] == (reply, "")


async def test_what_was_done_before_may_be_said() -> None:
    dialog = machine(MADE, ScriptedModel([TransitionDecision(reply="Your order has been placed.")]))
    await dialog.turn("hi")
    dialog.state = {**(dialog.state or {}), "done": ["book"]}
    assert (await dialog.turn("did it work?")).text == "Your order has been placed."


@pytest.mark.parametrize(
    "text",
    [
        "I want a human",
        "human",
        "let me speak to your boss",
        "Ich will mit einem Menschen reden",
        "customer service",
    ],
)
async def test_a_user_who_asks_for_a_person_gets_one_under_any_model(text: str) -> None:
    result = await say(machine(MADE, ScriptedModel()), "hi", text)
    assert (result.outcome, result.edge, result.text) == ("hand_off", "to_person", "A colleague takes over.")


@pytest.mark.parametrize(
    "text", ["I do not want to talk to a person", "are you a human?", "one person", "4 people"]
)
async def test_a_user_who_does_not_ask_for_a_person_is_left_to_the_model(text: str) -> None:
    assert (await run_turn(TransitionDecision(reply="All right."), text=text))[0] == "All right."


def build_consent_machine(**more: object) -> DialogMachine:
    confirm = node(
        "a",
        "Shall I book that?",
        edges=[
            edge("yes", "done", "The user confirms", keywords=["yes", "ok"]),
            edge("no", "a", keywords=["no"]),
        ],
        **more,
    )
    made = flow(confirm, node("done", "Booked.", is_final=True))
    return machine(made, ScriptedModel([TransitionDecision(edge_id="yes")]))


@pytest.mark.parametrize(
    "text",
    [
        "ok don't",
        "yes but what does it cost?",
        "yes, after I ask my wife",
        "yes if it is free",
        "wait",
        "hm",
        "Uh, um …",
        "oh well",
        "my appointment",
        "why?",
    ],
)
async def test_a_model_cannot_take_a_yes_that_was_not_said(text: str) -> None:
    result = await say(build_consent_machine(), "hi", text)
    assert (result.outcome, result.edge, result.issue) == ("stay", "", "unconfirmed")
    assert result.text.endswith("Shall I book that?")
    assert (await say(build_consent_machine(confirm="strict"), "hi", text)).outcome == "stay"


@pytest.mark.parametrize("text", ["yes", "ok, book that please", "yes, go ahead"])
async def test_a_clear_yes_is_taken(text: str) -> None:
    assert (await say(build_consent_machine(), "hi", text)).outcome == "final"


@pytest.mark.parametrize(("text", "outcome"), [("hm", "advance"), ("yes please", "final")])
async def test_a_strict_node_that_does_not_wait_needs_the_yes_too(text: str, outcome: str) -> None:
    edges = [
        edge("agreed", "done", "The user agrees", keywords=["yes"]),
        edge("else", "a", "Nothing was agreed"),
    ]
    made = flow(
        node("a", "Shall I book that?", edges=[edge("on", "router", "The user answers")]),
        node("router", type="router", confirm="strict", edges=edges),
        node("done", "Booked.", is_final=True),
    )
    model = ScriptedModel([TransitionDecision("on"), TransitionDecision("agreed")])
    assert (await say(machine(made, model), "hi", text)).outcome == outcome


async def test_a_node_may_leave_the_consent_to_the_model() -> None:
    assert (await say(build_consent_machine(confirm="normal"), "hi", "hm, why not")).outcome == "final"


def build_calls(*names: str) -> dict[str, object]:
    calls = [
        {"id": f"c{at}", "type": "function", "function": {"name": name, "arguments": '{"cake": "lemon"}'}}
        for at, name in enumerate(names)
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls}


SEVERAL = flow(
    node(
        "a",
        "Which cake?",
        edges=[edge("chosen", "b", input_schema=CAKE), edge("stop", "end", "The user stops")],
    ),
    node("b", "One {{ cake }}. How many?", edges=[edge("x", "end")]),
    node("hours", "From seven to six."),
    node("person", "A colleague takes over.", hand_off=True),
    node("end", "Bye.", is_final=True),
    global_edges=[edge("opening", "hours"), edge("to_person", "person")],
)


@pytest.mark.parametrize(
    ("names", "taken", "said"),
    [
        (["opening", "chosen"], "chosen", ["From seven to six.", "One lemon. How many?"]),
        (["chosen", "opening"], "chosen", ["From seven to six.", "One lemon. How many?"]),
        ([STAY_FUNCTION_NAME, "chosen"], "chosen", ["One lemon. How many?"]),
        (["no_such", "chosen"], "chosen", ["One lemon. How many?"]),
        (["stop", "chosen"], "chosen", ["One lemon. How many?"]),
        (["chosen", "to_person"], "to_person", ["A colleague takes over."]),
        (["functions.CHOSEN "], "chosen", ["One lemon. How many?"]),
    ],
)
async def test_all_calls_of_one_answer_are_considered(
    server: OpenAIServer, model: OpenAIModel, names: list[str], taken: str, said: list[str]
) -> None:
    server.answers = [build_completion(build_calls(*names))]
    result = await say(machine(SEVERAL, model), "hi", "lemon, and when are you open")
    assert (result.edge, [message.text for message in result.messages]) == (taken, said)


async def test_an_unknown_function_leaves_a_trace(server: OpenAIServer, model: OpenAIModel) -> None:
    server.answers = [build_call("no_such_function")]
    assert (await say(machine(SEVERAL, model), "hi", "lemon")).issue == "malformed"


async def test_the_reasons_are_in_the_turns_outcome(server: OpenAIServer) -> None:
    server.answers = [build_text_answer(""), build_call("chosen", {"cake": "lemon"})]
    dialog = machine(SEVERAL, create_model("openai/a,openai/b", api_key="k", base_url=server.url))
    result = await say(dialog, "hi", "lemon")
    assert (result.model, result.failures, result.tokens) == ("openai/b", ("openai/a:empty",), 84)
    assert dialog.state is not None
    outcome = result.to_turn_outcome(DialogState.from_json(dialog.state))
    assert outcome.details["model_failures"] == "openai/a:empty"
    await dialog.aclose()


async def test_the_library_hands_over_under_a_model_that_only_chats(
    server: OpenAIServer, model: OpenAIModel
) -> None:
    dialog = load_library("support")
    dialog = DialogMachine(dialog.flow, model)
    server.answers = [build_text_answer("How nice!")]
    assert (await say(dialog, "hi", "tell me a story")).outcome == "stay"
    assert (await dialog.turn("I want a human")).outcome == "hand_off"
