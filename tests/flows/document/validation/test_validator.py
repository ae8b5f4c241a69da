"""Invalid flows are refused when they are loaded, with the place and the reason."""

from __future__ import annotations

import json
from time import process_time

import pytest

from flows.document import Flow
from flows.document.validation import STAY_FUNCTION_ID
from flows.llm import STAY_FUNCTION_NAME
from tests.flows.conversation import Json, document, edge, find_issues, node

CALL: Json = {"id": "call", "name": "Call", "method": "GET", "url": "https://example.org"}
TOOL: Json = {"id": "look", "name": "look", "description": "Looks."}
LOUD = "{{ a | loud }}"


def test_a_filter_that_there_is_not_is_found_wherever_a_template_may_stand() -> None:
    broken = document(
        node(
            "a",
            LOUD,
            instruction=LOUD,
            reprompt_text=LOUD,
            choices=[LOUD, {"label": LOUD}],
            timeout={"seconds": 5, "say": LOUD},
            edges=[edge("on", "a", LOUD, guard="a | loud")],
            tools=[{**TOOL, "url": LOUD, "server": LOUD, "headers": {"A": LOUD}}],
        ),
        system_prompt=LOUD,
        closed_text=LOUD,
        actions=[{**CALL, "url": LOUD, "condition": LOUD, "headers": {"A": LOUD}, "body": {"a": [LOUD]}}],
        languages={
            "de": {"system_prompt": LOUD, "nodes": {"a": {"static_text": LOUD, "choices": ["A", LOUD]}}}
        },
    )
    assert find_issues(broken) == dict.fromkeys(
        [
            "system_prompt",
            "closed_text",
            "nodes[0].static_text",
            "nodes[0].instruction",
            "nodes[0].reprompt_text",
            "nodes[0].choices[0].label",
            "nodes[0].choices[1].label",
            "nodes[0].timeout.say",
            "nodes[0].edges[0].condition",
            "nodes[0].edges[0].guard",
            "nodes[0].tools[0].url",
            "nodes[0].tools[0].server",
            "nodes[0].tools[0].headers.A",
            "actions[0].url",
            "actions[0].condition",
            "actions[0].headers.A",
            "actions[0].body.a[0]",
            "languages.de.system_prompt",
            "languages.de.nodes.a.static_text",
            "languages.de.nodes.a.choices[1]",
        ],
        "Jinja has no filter “loud”.",
    )


def test_a_mistake_of_shape_in_one_language_hides_nothing_in_another() -> None:
    languages = {"de": {"nodes": {"a": {"static_text": 5}}}, "fr": {"nodes": {"a": {"static_text": "{{"}}}}
    assert set(find_issues(document(node("a", "{{"), languages=languages))) == {
        "languages.de.nodes.a.static_text",
        "languages.fr.nodes.a.static_text",
        "nodes[0].static_text",
    }


def test_an_id_names_one_thing() -> None:
    broken = document(
        node("a", edges=[edge("on", "a"), edge("on", "a")], tools=[TOOL, TOOL]),
        actions=[CALL, CALL],
        tools=[{**TOOL, "id": "find"}, {**TOOL, "id": "find"}],
        global_edges=[edge("help", "a"), edge("help", "a")],
    )
    assert find_issues(broken) == {
        "nodes[0].edges[1].id": "“on” is already the id of nodes[0].edges[0].",
        "nodes[0].tools[1].id": "“look” is already the id of nodes[0].tools[0].",
        "actions[1].id": "“call” is already the id of actions[0].",
        "tools[1].id": "“find” is already the id of tools[0].",
        "global_edges[1].id": "“help” is already the id of global_edges[0].",
    }


def test_a_tool_may_stand_at_several_nodes_but_not_be_several_tools() -> None:
    http = {**TOOL, "type": "http", "url": "https://example.org"}
    places = [node("a", edges=[edge("on", "b")], tools=[http]), node("b", is_final=True, tools=[http])]
    assert Flow.model_validate(document(*places)).nodes
    places[1]["tools"] = [{**http, "url": "https://example.org/b"}]
    assert find_issues(document(*places)) == {
        "nodes[1].tools[0].id": "“look” is another tool at nodes[0].tools[0]."
    }


def test_a_model_is_never_offered_two_functions_of_one_name() -> None:
    broken = document(
        node("a", edges=[edge("look", "a"), edge("find", "a"), edge(STAY_FUNCTION_NAME, "a")], tools=[TOOL]),
        tools=[{**TOOL, "id": "find"}],
    )
    assert STAY_FUNCTION_ID == STAY_FUNCTION_NAME
    assert find_issues(broken) == {
        "nodes[0].edges[2].id": (
            f"“{STAY_FUNCTION_NAME}” is reserved for staying at the node: choose another."
        ),
        "nodes[0].tools[0].id": "An edge is called “look” too: a model could not tell them apart.",
        "tools[0].id": "An edge is called “find” too: a model could not tell them apart.",
    }


def test_an_edge_without_a_target_does_not_handle_a_failure() -> None:
    blind = {"id": "blind", "condition": "never"}
    broken = document(
        node(
            "a",
            edges=[blind],
            actions=[{"trigger": "on_enter", "action_id": "call", "on_failure": "blind"}],
            timeout={"seconds": 5, "edge": "blind"},
            tools=[{**TOOL, "on_failure": "blind"}],
        ),
        actions=[CALL],
    )
    sentence = "The edge “blind” leads nowhere: it has no target_node_id."
    assert find_issues(broken) == {
        "nodes[0].timeout.edge": sentence,
        "nodes[0].actions[0].on_failure": sentence,
        "nodes[0].tools[0].on_failure": sentence,
    }


def test_what_is_blank_is_as_good_as_absent() -> None:
    flow = Flow.model_validate(
        document(node("a", edges=[edge("on", " ", guard=""), edge("up", "", guard=" ")]))
    )
    assert [(each.target_node_id, each.guard) for each in flow.nodes[0].edges] == [(None, None), (None, None)]


@pytest.mark.long
def test_a_flow_of_three_thousand_nodes_is_loaded_in_seconds() -> None:
    places = [
        node(f"n{i}", "Hi", edges=[edge(f"e{j}", f"n{(i + j) % 3_000}") for j in range(5)])
        for i in range(3_000)
    ]
    text = json.dumps(document(*places))
    begun = process_time()
    assert len(Flow.from_json(text).nodes) == 3_000
    assert process_time() - begun < 5
