from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.authoring.graph import graph_of
from flows.authoring.layout import WIDEST_ROW, WIDTH, places_of, rows_of
from flows.authoring.mermaid import mermaid
from flows.authoring.svg import svg
from flows.document import Flow
from tests.flows.talk import LIBRARY, edge, flow, node

SPACE = "{http://www.w3.org/2000/svg}"


def sixty() -> Flow:
    return flow(
        *(
            node(f"n{i}", f"{i}?", edges=[edge(f"e{i}", f"n{i * 2 % 60}"), edge(f"f{i}", f"n{(i + 7) % 60}")])
            for i in range(60)
        )
    )


@pytest.mark.parametrize("name", ["kyc", "support"])
def test_a_drawing_shows_every_node_and_names_every_edge(name: str) -> None:
    drawn = Flow.load(LIBRARY / f"{name}.json")
    words = " ".join(ElementTree.fromstring(svg(drawn)).itertext())
    assert [node.id for node in drawn.nodes if node.id not in words] == []
    edges = [edge.id for node in drawn.nodes for edge in node.edges] + [e.id for e in drawn.global_edges]
    assert [edge for edge in edges if edge not in words] == []


def test_boxes_of_sixty_nodes_do_not_overlap_and_rows_stay_narrow() -> None:
    graph = graph_of(sixty())
    rows = rows_of(graph, "n0")
    places = places_of(rows, {})
    assert sorted(places) == sorted(box.id for box in graph.boxes)
    assert max(map(len, rows)) <= WIDEST_ROW
    for one, other in combinations(places.values(), 2):
        assert abs(one.x - other.x) > WIDTH or abs(one.top - other.top) >= one.height


def test_arrows_only_lead_downwards_and_ways_back_are_notes() -> None:
    made = flow(
        node("a", "A?", edges=[edge("go", "b"), edge("again", "a")]), node("b", "B?", edges=[edge("no", "a")])
    )
    root = ElementTree.fromstring(svg(made))
    notes = [note.text or note[0].tail for note in root.iter(f"{SPACE}text") if note.get("class") == "note"]
    assert notes == ["↺ a: again", "↑ a: no"]
    assert len([path for path in root.iter(f"{SPACE}path") if path.get("marker-end")]) == 1


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs", "Cc"]), min_size=1))
def test_no_text_breaks_a_drawing(text: str) -> None:
    made = flow(node(text, text, edges=[edge("go", text, text)], is_final=True))
    ElementTree.fromstring(svg(made).replace("\ufffe", "").replace("\uffff", ""))
    assert len(mermaid(made).splitlines()) == 3


def test_mermaid_names_nodes_by_number_and_draws_global_edges_from_anywhere() -> None:
    made = flow(
        node("end", 'Say "end"', edges=[edge("x", "b", is_fallback=True), edge("y", "b")]),
        node("b", "B.", hand_off=True),
        node("r", node_type="router", edges=[edge("z", "end")]),
        global_edges=[edge("help", "b")],
    )
    assert mermaid(made) == (
        'flowchart TD\n  n0(["end"])\n  n1[/"b"/]\n  n2{"r"}\n  anywhere(("anywhere"))\n'
        '  n0 -->|"x, y"| n1\n  n2 -->|"z"| n0\n  anywhere -.->|"help"| n1\n'
    )


def test_mermaid_is_not_broken_by_quotes_or_tags() -> None:
    assert 'n0[["#quot;a#quot;#lt;b#gt;#35;1"]]' in mermaid(flow(node('"a"<b>#1', "A", is_final=True)))
