from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.authoring.diagram import to_mermaid, to_svg
from flows.authoring.diagram.graph import build_graph
from flows.authoring.diagram.layout import MAX_ROW_NODES, NODE_WIDTH, assign_layers, layout_nodes
from flows.document import Flow
from tests.effort import example_count
from tests.flows.conversation import LIBRARY, edge, flow, node

SPACE = "{http://www.w3.org/2000/svg}"


def build_large_flow() -> Flow:
    return flow(
        *(
            node(f"n{i}", f"{i}?", edges=[edge(f"e{i}", f"n{i * 2 % 60}"), edge(f"f{i}", f"n{(i + 7) % 60}")])
            for i in range(60)
        )
    )


@pytest.mark.parametrize("name", ["kyc", "support"])
def test_a_drawing_shows_every_node_and_names_every_edge(name: str) -> None:
    drawn = Flow.load(LIBRARY / f"{name}.json")
    words = " ".join(ElementTree.fromstring(to_svg(drawn)).itertext())
    assert [node.author_id for node in drawn.nodes if node.author_id not in words] == []
    edges = [edge.id for node in drawn.nodes for edge in node.edges if not node.part_of]
    edges += [edge.id for edge in drawn.global_edges]
    assert [edge for edge in edges if edge not in words] == []


def test_boxes_of_sixty_nodes_do_not_overlap_and_rows_stay_narrow() -> None:
    graph = build_graph(build_large_flow())
    rows = assign_layers(graph, "n0")
    places = layout_nodes(rows, {})
    assert sorted(places) == sorted(box.id for box in graph.nodes)
    assert max(map(len, rows)) <= MAX_ROW_NODES
    for one, other in combinations(places.values(), 2):
        assert abs(one.x - other.x) > NODE_WIDTH or abs(one.top - other.top) >= one.height


def test_arrows_only_lead_downwards_and_ways_back_are_notes() -> None:
    made = flow(
        node("a", "A?", edges=[edge("go", "b"), edge("again", "a")]), node("b", "B?", edges=[edge("no", "a")])
    )
    root = ElementTree.fromstring(to_svg(made))
    notes = [note.text or note[0].tail for note in root.iter(f"{SPACE}text") if note.get("class") == "note"]
    assert notes == ["↺ a: again", "↑ a: no"]
    assert len([path for path in root.iter(f"{SPACE}path") if path.get("marker-end")]) == 1


def iter_points(path: str) -> Iterator[tuple[float, float]]:
    """Places along a path of lines and curves, close to one another."""
    x = y = 0.0
    for letter, words in re.findall(r"([MVC])([^MVC]*)", path):
        numbers = [float(word) for word in words.split()]
        if letter == "M":
            x, y = numbers
        elif letter == "V":
            yield from ((x, y + (numbers[0] - y) * step / 20) for step in range(21))
            y = numbers[0]
        else:
            ends = [(x, y), *zip(numbers[::2], numbers[1::2], strict=True)]
            for step in range(41):
                t = step / 40
                weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
                yield (
                    sum(weight * end[0] for weight, end in zip(weights, ends, strict=True)),
                    sum(weight * end[1] for weight, end in zip(weights, ends, strict=True)),
                )
            x, y = ends[-1]


def find_hidden_arrows(flow: Flow) -> list[str]:
    """The arrows of a drawing that run through the inside of a box."""
    root = ElementTree.fromstring(to_svg(flow))
    boxes = [
        (
            float(box.get("x", 0)),
            float(box.get("y", 0)),
            float(box.get("width", 0)),
            float(box.get("height", 0)),
        )
        for box in root.iter(f"{SPACE}rect")
        if box.get("rx")
    ]
    arrows = [path.get("d", "") for path in root.iter(f"{SPACE}path") if path.get("marker-end")]
    return [
        arrow
        for arrow in arrows
        if any(
            left < x < left + width and top < y < top + height
            for x, y in iter_points(arrow)
            for left, top, width, height in boxes
        )
    ]


def test_no_arrow_of_sixty_nodes_runs_under_a_box() -> None:
    assert find_hidden_arrows(build_large_flow()) == []


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.json")), ids=lambda path: path.stem)
def test_no_arrow_of_a_library_flow_runs_under_a_box(path: Path) -> None:
    assert find_hidden_arrows(Flow.load(path)) == []


@settings(max_examples=example_count(40))
@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=60, unique=True))
def test_no_arrow_runs_under_a_box(ways: list[tuple[int, int]]) -> None:
    made = flow(
        *(
            node(f"n{i}", edges=[edge(f"e{i}_{to}", f"n{to}") for start, to in ways if start == i])
            for i in range(20)
        )
    )
    assert find_hidden_arrows(made) == []


@settings(max_examples=example_count(40))
@given(
    st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), min_size=1).filter(str.strip)
)
def test_no_text_breaks_a_drawing(text: str) -> None:
    made = flow(node(text, text, edges=[edge("go", text, text)], is_final=True))
    ElementTree.fromstring(to_svg(made))
    assert len(to_mermaid(made).splitlines()) == 3


def test_a_label_is_cut_to_its_width_and_controls_are_replaced() -> None:
    made = flow(node("W" * 40, "日本語" * 20 + "\x00", edges=[edge("e", "b")]), node("b", "\x01."))
    words = [word for word in ElementTree.fromstring(to_svg(made)).itertext() if word.endswith("…")]
    assert words[:2] == ["W" * 11 + "…", "日本語日本語日本語日本語日…"]
    assert "?." in to_svg(made)


def test_mermaid_names_nodes_by_number_and_draws_global_edges_from_anywhere() -> None:
    made = flow(
        node("end", 'Say "end"', edges=[edge("x", "b", is_fallback=True), edge("y", "b")]),
        node("b", "B.", hand_off=True),
        node("r", node_type="router", edges=[edge("z", "end")]),
        global_edges=[edge("help", "b")],
    )
    assert to_mermaid(made) == (
        'flowchart TD\n  n0(["end"])\n  n1[/"b"/]\n  n2{"r"}\n  anywhere(("anywhere"))\n'
        '  n0 -->|"x, y"| n1\n  n2 -->|"z"| n0\n  anywhere -.->|"help"| n1\n'
    )


def test_mermaid_is_not_broken_by_quotes_or_tags() -> None:
    assert 'n0[["#quot;a#quot;#lt;b#gt;#35;1"]]' in to_mermaid(flow(node('"a"<b>#1', "A", is_final=True)))
