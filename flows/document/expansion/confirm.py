"""Expands a yes or no, with the corrections of the form that it reads back."""

from __future__ import annotations

from flows.document.expansion.form import Form, keyword_edge, label
from flows.document.expansion.graph import Graph, Json, edge
from flows.document.expansion.models import CollectSlot, ConfirmNode
from flows.locales import messages_for


def expand_confirm(graph: Graph, node: ConfirmNode, place: str, form: Form | None) -> None:
    """Add the nodes of a yes or no."""
    wrong = graph.node_id("what_is_wrong", node.id) if form and not node.otherwise else ""
    yes, no = graph.edge_id("confirmed", node.id), graph.edge_id("not_confirmed", node.id)
    edges = [
        keyword_edge(graph, yes, node.then, "The user confirms", "yes_words", *node.yes_keywords),
        *(_correction_edges(form) if form else ()),
        keyword_edge(
            graph, no, node.otherwise or wrong, "The user says no, or that something is wrong", "no_words",
            *node.no_keywords,
        ),
        *(form.exits(node.id, node.failed) if form else _fallback(graph, node)),
    ]  # fmt: skip
    is_bounded = any(each.get("is_fallback") for each in edges)
    graph.add_node(
        {
            "id": node.id, "name": node.name or node.id, "static_text": node.static_text,
            "reprompt_text": node.reprompt_text, "edges": edges, "confirm": node.confirm,
            "choices": [
                {"label": graph.messages.yes_label, "payload": yes},
                {"label": graph.messages.no_label, "payload": no},
            ],
            "max_turns": node.max_turns if is_bounded else None,
            "was": list(node.was), "part_of": node.id,
        },
        place,
    )  # fmt: skip
    no_texts = _take_texts(graph, node)
    if form and wrong:
        _add_correction_node(graph, node, form, wrong, place, no_texts)


def _take_texts(graph: Graph, node: ConfirmNode) -> dict[str, str]:
    """Complete the translations of the question; return those of the text after a no, by language."""
    no_texts: dict[str, str] = {}
    for code in graph.codes:
        texts = graph.take_texts(code, "nodes", node.id)
        no_texts[code] = str(texts.get("no_text") or "")
        messages = messages_for(code)
        plain = {key: value for key, value in texts.items() if key != "no_text"}
        labels = {"choices": [messages.yes_label, messages.no_label]}
        graph.translate(code, "nodes", node.id, {**(labels if plain else {}), **plain})
    return no_texts


def _fallback(graph: Graph, node: ConfirmNode) -> list[Json]:
    if not node.failed:
        return []
    name = graph.edge_id(f"no_{node.id}", node.id)
    return [edge(name, node.failed, "The user could not answer in several tries", is_fallback=True)]


def _correction_edges(form: Form) -> list[Json]:
    """Return the edges that take a new value, and those that ask for it when only its name is said."""
    known = (*form.recognizable, *form.labelled, *form.paired)
    values = [form.value_edge(f"{slot.name}_was_wrong", slot, is_reviewed=True) for slot in known]
    named = [slot for slot in form.node.slots if slot.keywords]
    return [*values, *(_name_edge(form, f"fix_{slot.name}", slot, slot.keywords) for slot in named)]


def _name_edge(form: Form, name: str, slot: CollectSlot, words: tuple[str, ...]) -> Json:
    graph = form.graph
    name = graph.edge_id(name, form.node.id)
    for code in graph.codes:
        texts = form.texts(code, slot)
        keywords = [*(texts.get("keywords") or ()), label(slot, messages_for(code), texts)]
        graph.translate(code, "edges", name, {"keywords": keywords})
    condition = f"The user says that {slot.description or slot.name} is wrong, without giving the right value"
    return edge(name, form.new_questions[slot.name], condition, keywords=[*words])


def _add_correction_node(
    graph: Graph, node: ConfirmNode, form: Form, name: str, place: str, no_texts: dict[str, str]
) -> None:
    changes = {slot.name: f"change_{slot.name}" for slot in form.node.slots}
    edges = [
        form.value_edge(f"right_{slot.name}_given", slot, is_reviewed=True)
        for slot in (*form.recognizable, *form.labelled, *form.paired)
    ]
    for slot in form.node.slots:
        words = (*slot.keywords, label(slot, graph.messages), slot.name.replace("_", " "))
        named = _name_edge(form, changes[slot.name], slot, words)
        changes[slot.name] = str(named["id"])
        edges.append(named)
    edges.append(
        keyword_edge(
            graph, graph.edge_id("nothing_is_wrong", node.id), node.then,
            "The user says that everything was right after all", "nothing_wrong_words",
        )
    )  # fmt: skip
    edges += form.exits(name, node.failed)
    is_bounded = any(each.get("is_fallback") for each in edges)
    slots = form.node.slots[:20]
    graph.add_node(
        {
            "id": name, "name": name, "static_text": node.no_text or graph.messages.what_is_wrong,
            "choices": [
                {"label": label(slot, graph.messages), "payload": changes[slot.name]} for slot in slots
            ],
            "edges": edges, "max_turns": node.max_turns if is_bounded else None, "part_of": node.id,
        },
        place,
    )  # fmt: skip
    for code in graph.codes:
        labels = [label(slot, messages_for(code), form.texts(code, slot)) for slot in slots]
        text = no_texts.get(code) or messages_for(code).what_is_wrong
        graph.translate(code, "nodes", name, {"static_text": text, "choices": labels})
