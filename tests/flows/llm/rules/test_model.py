from __future__ import annotations

import pytest

from tests.flows.conversation import Json, edge, flow, input_schema, machine, node, say

END = node("end", "The end.", is_final=True)
OTHER = node("other", "Other.", is_final=True)


async def select_edge(text: str, *edges: Json, **more: Json) -> str:
    """The edge that `text` takes out of a node with these edges."""
    dialog = machine(flow(node("a", "Well?", edges=list(edges)), END, OTHER, **more))
    return (await say(dialog, "hi", text)).edge


TEA = edge("tea", "end", keywords=["tea", "green tea"])
CAKE = edge("cake", "other", keywords=["cake", "crème brûlée"])


@pytest.mark.parametrize(
    ("text", "edge_id"),
    [
        ("tea", "tea"),
        ("A cup of TEA, please!", "tea"),
        ("creme brulee", "cake"),
        ("Crème Brûlée?", "cake"),
        ("team", ""),
        ("no tea", ""),
        ("I don't want any tea, I want cake", "cake"),
        ("green tea and cake", "tea"),
        ("gren tea", "tea"),
        ("", ""),
    ],
)
async def test_keywords_are_whole_words_in_any_case_and_without_accents(text: str, edge_id: str) -> None:
    assert await select_edge(text, TEA, CAKE) == edge_id


async def test_two_equally_similar_edges_are_not_a_decision() -> None:
    assert (
        await select_edge("yes no", edge("y", "end", keywords=["yes"]), edge("n", "other", keywords=["no"]))
        == ""
    )


async def test_two_edges_to_the_same_place_do_not_conflict() -> None:
    assert (
        await select_edge("tea", edge("one", "end", keywords=["tea"]), edge("two", "end", keywords=["tea"]))
        == "one"
    )


async def test_a_pattern_decides_and_its_named_groups_are_slots() -> None:
    schema = input_schema(code={"type": "string"})
    dialog = machine(
        flow(
            node(
                "a",
                "Code?",
                edges=[edge("code", "b", pattern=r"\bcode (?P<code>[a-z]+\d)\b", input_schema=schema)],
            ),
            node("b", "It is {{ code }}.", is_final=True),
        )
    )
    assert (await say(dialog, "hi", "my Code abc7 it is")).text == "It is abc7."


@pytest.mark.parametrize(
    ("text", "edge_id"),
    [
        ("has my parcel still not come", "late"),
        ("the parcel is late again", "late"),
        ("I would pay by card", "pay"),
        ("blue", ""),
    ],
)
async def test_examples_are_compared_by_their_likeness(text: str, edge_id: str) -> None:
    late = edge("late", "end", examples=["my parcel has not come", "the parcel is late"])
    pay = edge("pay", "other", examples=["can I pay by card", "how do I pay"])
    assert await select_edge(text, late, pay) == edge_id


@pytest.mark.parametrize(
    ("text", "edge_id"),
    [
        ("yes please", "agrees"),
        ("no", "refuses"),
        ("I have a question about billing", "billing"),
        ("purple", ""),
    ],
)
async def test_a_bare_condition_is_gone_by_a_little(text: str, edge_id: str) -> None:
    edges = (
        edge("agrees", "end", "The user agrees"),
        edge("refuses", "other", "The user declines"),
        edge("billing", "end", "Anything on billing or invoices"),
    )
    assert await select_edge(text, *edges) == edge_id


@pytest.mark.parametrize(
    ("text", "edge_id"),
    [
        ("yes, that is correct", "charged"),
        ("that is not correct", "wrong"),
        ("not okay", "wrong"),
        ("absolutely not", "wrong"),
        ("not sure", ""),
        ("what amount?", ""),
        ("the amount isn't what I expected", ""),
        ("stimmt nicht", "wrong"),
    ],
)
async def test_what_is_denied_or_asked_is_not_consent(text: str, edge_id: str) -> None:
    edges = (
        edge("charged", "end", "The user confirms the amount is correct"),
        edge("wrong", "other", "The user says it is wrong"),
    )
    assert await select_edge(text, *edges) == edge_id


async def test_a_condition_that_any_answer_meets_is_met_by_a_statement_and_not_by_a_question() -> None:
    only = edge("go", "end", "The user has responded to the greeting")
    assert await select_edge("fine, and you", only) == "go"
    assert await select_edge("who are you?", only) == ""


async def test_free_text_is_taken_whole_when_nothing_else_speaks() -> None:
    schema = input_schema(problem={"type": "string"})
    free = edge("told", "end", input_schema=schema)
    assert await select_edge("the kettle hums all night", free, CAKE) == "told"
    assert await select_edge("cake", free, CAKE) == "cake"
    assert await select_edge("what do you mean?", free, CAKE) == ""


async def test_free_text_that_was_asked_for_is_taken_although_the_edge_goes_by_keywords() -> None:
    book = edge(
        "book",
        "end",
        keywords=["book"],
        input_schema=input_schema(name={"type": "string", "description": "your name"}),
    )
    dialog = machine(flow(node("a", "Well?", edges=[book, CAKE]), END, OTHER))
    assert (await say(dialog, "hi", "Ann Smith")).edge == ""
    assert (await say(dialog, "book")).text == "Thank you. I still need your name."
    assert (await say(dialog, "my name?")).edge == ""
    assert (await say(dialog, "book", "Ann Smith")).edge == "book"
    assert dialog.state is not None
    assert dialog.state["slots"] == {"name": "Ann Smith"}


async def test_a_list_is_asked_for_and_given() -> None:
    toppings = {"type": "array", "items": {"type": "string"}, "description": "your toppings"}
    order = edge("order", "end", keywords=["pizza"], input_schema=input_schema(toppings=toppings))
    dialog = machine(flow(node("a", "Well?", edges=[order]), END))
    await say(dialog, "hi", "a pizza")
    assert (await say(dialog, "ham and cheese")).edge == "order"
    assert dialog.state is not None
    assert dialog.state["slots"] == {"toppings": ["ham", "cheese"]}


async def test_a_payload_names_an_edge_a_keyword_or_a_value() -> None:
    choices = [
        {"label": "One", "payload": "tea"},
        {"label": "Two", "payload": "gold"},
        {"label": "3", "payload": "x"},
    ]
    sized = edge("size", "end", input_schema=input_schema(size={"enum": ["gold", "silver"]}))
    start = node("a", "Pick.", choices=choices, edges=[CAKE, TEA, sized, edge("x", "other")])
    for answer, edge_id in [("one", "tea"), ("3", "x")]:
        assert (await say(machine(flow(start, END, OTHER)), "hi", answer)).edge == edge_id


async def test_a_payload_that_is_a_value_fills_the_slot() -> None:
    choices = [{"label": "The shiny one", "payload": "gold"}, {"label": "The other", "payload": "silver"}]
    sized = edge("size", "end", input_schema=input_schema(size={"enum": ["gold", "silver"]}))
    dialog = machine(flow(node("a", "Pick.", choices=choices, edges=[sized]), END))
    assert (await say(dialog, "hi", "1")).edge == "size"
    assert dialog.state is not None
    assert dialog.state["slots"] == {"size": "gold"}


async def test_the_same_message_has_the_same_answer() -> None:
    answers = {await select_edge("tea or cake or tea", TEA, CAKE) for _ in range(5)}
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("text", "edge_id"),
    [
        ("where is my order", ""),
        ("where is it", "lost"),
        ("whree is it", "lost"),
        ("don't knwo", "lost"),
        ("where in it", ""),
        ("do u know where it is", ""),
        ("where r they", "lost"),
        ("where is itt", "lost"),
    ],
)
async def test_a_typing_error_is_looked_for_word_by_word(text: str, edge_id: str) -> None:
    assert (
        await select_edge(text, edge("lost", "end", keywords=["where is it", "where are they", "don't know"]))
        == edge_id
    )


@pytest.mark.parametrize(
    ("text", "edge_id"),
    [
        ("my parcel is broken", "person"),
        ("it's not broken", ""),
        ("when does it arrive?", ""),
        ("it has not arrived", "late"),
    ],
)
async def test_an_example_is_not_what_is_denied_or_only_a_little_alike(text: str, edge_id: str) -> None:
    person = edge("person", "end", examples=["my parcel arrived broken", "my parcel is damaged"])
    late = edge("late", "other", examples=["my parcel has not arrived"])
    assert await select_edge(text, person, late) == edge_id


async def test_a_question_that_is_known_is_not_an_answer() -> None:
    day = edge(
        "day", "end", input_schema=input_schema(day={"type": "string", "format": "date", "x-future": True})
    )
    hours = edge("hours", "open", keywords=["are you open", "opening hours"])
    nodes = (node("a", "Which day?", edges=[day]), END, node("open", "Every day."))
    code = edge(
        "code", "end", input_schema=input_schema(code={"type": "string", "pattern": "^[A-Z]{2}[0-9]{3}$"})
    )
    for text, edge_id in [
        ("are you open on friday?", "hours"),
        ("are you open on friday", "hours"),
        ("may I come on friday?", "day"),
        ("friday, within your opening hours", "day"),
    ]:
        assert (await say(machine(flow(*nodes, global_edges=[hours])), "hi", text)).edge == edge_id
    coded = (node("a", "Which code?", edges=[code]), *nodes[1:])
    assert (
        await say(machine(flow(*coded, global_edges=[hours])), "hi", "AB123, are you open?")
    ).edge == "code"


@pytest.mark.parametrize(
    ("text", "edge_id"),
    [("ja", "right"), ("stimmt", "right"), ("of course", "right"), ("nein", "wrong"),
     ("absolutely not", "wrong"), ("stimmt nicht", "wrong"), ("ja, aber nicht heute", ""), ("not sure", "")],
)  # fmt: skip
async def test_a_yes_is_understood_in_other_words_and_languages(text: str, edge_id: str) -> None:
    right = edge("right", "end", keywords=["yes", "correct"])
    assert await select_edge(text, right, edge("wrong", "other", keywords=["no", "wrong"])) == edge_id


async def test_an_okay_is_not_a_yes_to_more() -> None:
    assert await select_edge("ok", edge("more", "end", keywords=["yes", "more"])) == ""


async def test_a_greeting_in_the_first_message_was_answered_by_the_greeting() -> None:
    hello = edge("hello", "back", keywords=["hello", "good morning"])
    made = flow(node("a", "Welcome.", edges=[TEA]), END, node("back", "Hello!"), global_edges=[hello])
    first = await machine(made).turn("hello i have a question")
    assert [message.text for message in first.messages] == ["Welcome."]
    assert (await say(machine(made), "hi", "hello there friend")).edge == "hello"


async def test_a_year_is_not_a_code_while_a_date_is_asked_for() -> None:
    code = {"type": "string", "pattern": "^[0-9]{4}$", "description": "the last digits of the card"}
    born = edge(
        "born", "end", input_schema=input_schema(born={"type": "string", "format": "date", "x-past": True})
    )
    made = flow(
        node(
            "a",
            "When were you born?",
            edges=[born, edge("card", "other", input_schema=input_schema(code=code))],
        ),
        END,
        OTHER,
    )
    for text in ("1990", "April 1990", "born in 1990", "1987?", "april 23", "90"):
        answer = await say(machine(made), "hi", text)
        assert answer.outcome == "stay"
        assert answer.text.startswith("Please write the day, the month and the year.")
    for text in ("4321", "my card ends in 1990"):
        assert (await say(machine(made), "hi", text)).edge == "card"


@pytest.mark.parametrize("answer", ["in the afternoon", "pm", "afternoon please", "3 in the afternoon"])
async def test_the_half_of_the_day_answers_which_hour_was_meant(answer: str) -> None:
    at = edge("at", "end", input_schema=input_schema(at={"type": "string", "format": "time"}))
    dialog = machine(flow(node("a", "When?", edges=[at]), END))
    asked = await say(dialog, "hi", "at 3")
    assert asked.text.startswith("Is that 3 in the morning or 3 in the afternoon?")
    assert (await dialog.turn(answer)).edge == "at"
    assert dialog.state is not None
    assert dialog.state["slots"] == {"at": "15:00"}
