"""Expands a menu: one edge for each choice that leads to a node."""

from __future__ import annotations

from flows.document.expansion.graph import Graph, Json, edge
from flows.document.expansion.models import MenuNode


def expand_menu(graph: Graph, node: MenuNode, place: str) -> None:
    """Add the node of a menu."""
    edges, choices = list[Json](), list[Json]()
    for number, choice in enumerate(node.choices):
        name = choice.edge or graph.edge_id(f"{choice.to}_chosen", node.id)
        choices.append({"label": choice.label, "payload": name, "description": choice.description})
        if choice.to:
            keywords, examples = [choice.label, *choice.keywords], list(choice.examples)
            condition = f"The user chooses “{choice.label}”"
            edges.append(edge(name, choice.to, condition, keywords=keywords, examples=examples))
            _translate_choice(graph, node, name, number)
    if node.failed:
        name = graph.edge_id(f"no_{node.id}", node.id)
        edges.append(edge(name, node.failed, "The user could not answer in several tries", is_fallback=True))
    graph.add_node(
        {
            "id": node.id, "name": node.name or node.id, "static_text": node.static_text,
            "reprompt_text": node.reprompt_text, "choices": choices, "edges": edges,
            "max_turns": node.max_turns if node.failed else None,
            "was": list(node.was), "part_of": node.id,
        },
        place,
    )  # fmt: skip


def _translate_choice(graph: Graph, node: MenuNode, name: str, number: int) -> None:
    """Add the translated label to the words that select the choice."""
    for code in graph.codes:
        labels = graph.texts_of(code, "nodes", node.id).get("choices")
        if not isinstance(labels, list | tuple) or number >= len(labels):
            continue
        graph.add_keywords(code, name, [str(labels[number])])
