"""Questions and answers, in the flow or in a separate file, and menus that list them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.authoring.diagram import to_mermaid
from flows.authoring.testing import ConversationTestFile, run_conversations
from flows.document import Flow, FlowError, WatchedFlowFile
from tests.flows.conversation import document, machine, node, say

MENU = {
    "id": "start", "node_type": "menu", "static_text": "What can I do?",
    "choices": [{"label": "A person", "to": "person"}, {"label": "Opening hours", "edge": "hours"}],
}  # fmt: skip
PERSON = node("person", "A colleague.", hand_off=True)
HOURS = {"id": "hours", "questions": ["when are you open?", "until when are you open"], "answer": "9 to 18."}


def build_document(faq: object) -> dict[str, object]:
    return document(MENU, PERSON, faq=faq)


@pytest.mark.parametrize(
    "text", ["when are you open", "Opening hours", "2", "until when are you open today?"]
)
async def test_a_question_is_answered_and_the_menu_shown_again(text: str) -> None:
    answer = await say(machine(Flow.model_validate(build_document([HOURS]))), "hi", text)
    assert [message.text for message in answer.messages] == ["9 to 18.", "What can I do?"]


@pytest.mark.parametrize("text", ["1", "a person please"])
async def test_a_choice_leads_to_its_node(text: str) -> None:
    assert (
        await say(machine(Flow.model_validate(build_document([HOURS]))), "hi", text)
    ).outcome == "hand_off"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("faq.csv", "id,questions,answer\nhours,when are you open?|until when are you open,9 to 18.\n"),
        ("faq.csv", "id;question;answer\nhours;when are you open?;9 to 18.\n\n"),
        ("faq.md", "# When are you open?\n## Until when are you open\n\n9 to 18.\n\n# Parking?\nNo.\n"),
    ],
)
async def test_the_answers_are_in_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    path = tmp_path / "shop.yaml"
    choices = "[{label: A person, to: person}]"
    path.write_text(
        "system_prompt: x\ninitial_node: start\nnodes:\n"
        f"  - {{id: start, node_type: menu, static_text: Hello., choices: {choices}}}\n"
        "  - {id: person, name: Person, static_text: A colleague., hand_off: true}\n"
        f"faq: {name}\n"
    )
    watched = WatchedFlowFile(path)
    assert (await say(machine(watched.flow), "hi", "when are you open?")).messages[0].text == "9 to 18."
    assert not watched.has_changed()
    (tmp_path / name).write_text(text.replace("9 to 18", "10 to 12"))
    assert watched.has_changed()
    assert "10 to 12." in (await say(machine(watched.reload()), "hi", "when are you open?")).text


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("faq.csv", "a,b\n1,2\n", "The first line must name the columns"),
        ("faq.txt", "", "The name must end in .csv or .md"),
        ("missing.md", None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, text: str | None, reason: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    path = tmp_path / "shop.json"
    path.write_text('{"system_prompt": "x", "initial_node": "a", "nodes": [], "faq": "' + name + '"}')
    with pytest.raises(FlowError, match=f"faq: {name}: .*{reason}"):
        Flow.load(path)


def test_an_entry_without_an_answer_is_named() -> None:
    with pytest.raises(FlowError, match=r"faq\[0\]\.answer: This is required and missing"):
        Flow._from_document(build_document([{"questions": ["why?"]}]), "shop.json")


def test_a_flow_is_saved_as_its_author_wrote_it(tmp_path: Path) -> None:
    flow = Flow.model_validate(build_document([HOURS]))
    flow.save(tmp_path / "flow.json")
    assert '"faq"' in (tmp_path / "flow.json").read_text()
    assert Flow.load(tmp_path / "flow.json") == flow


async def test_drawings_and_tests_name_the_authors_nodes() -> None:
    form = {"id": "form", "node_type": "collect", "then": "end",
            "slots": [{"name": "colour", "question": "Which?", "choices": ["Red", "Blue"]}]}  # fmt: skip
    flow = Flow.model_validate(document(form, node("end", "End.", is_final=True)))
    drawing = to_mermaid(flow)
    assert drawing.count('"form"') == 1
    assert "ask_colour" not in drawing
    script = ConversationTestFile.model_validate(
        {"conversations": [{"name": "a", "turns": [
            {"say": "hi", "expect": {"node": "form"}}, {"say": "red", "expect": {"outcome": "final"}},
        ]}]}
    )  # fmt: skip
    report = await run_conversations(flow, script)
    assert report.has_passed
    assert report.coverage.report_lines() == ["nodes: 2 of 2", "edges: 1 of 1"]


def test_a_choice_of_an_edge_that_there_is_not_is_named() -> None:
    with pytest.raises(FlowError, match=r"nodes\[0\]\.choices\[1\]\.edge: There is no global edge or faq"):
        Flow._from_document(build_document([{"questions": ["why?"], "answer": "So."}]), "shop.json")
