"""Expands a form: a router that asks for what is missing, and a node for each question.

Every answer leads back to the router, which bears the form's id, so that a later value, a correction and
a refused value all take the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.document.expansion.graph import Graph, Json, edge
from flows.document.expansion.models import CollectNode, CollectSlot
from flows.document.expansion.slot_kinds import recognizable_slots
from flows.locales import messages_for

SlotTexts = Mapping[str, Any]


@dataclass
class Form:
    """A form while it is expanded: the ids of its nodes, by the name of the slot.

    `is_corrected` is set when a `confirm` node lets its values be corrected, `can_be_cancelled` unless the
    flow has a way of its own.
    """

    node: CollectNode
    place: str
    graph: Graph
    is_corrected: bool
    can_be_cancelled: bool = True
    recognizable: tuple[CollectSlot, ...] = ()
    questions: dict[str, str] = field(default_factory=dict)
    new_questions: dict[str, str] = field(default_factory=dict)
    corrections: dict[str, str] = field(default_factory=dict)
    cancelled: str = ""

    def __post_init__(self) -> None:
        graph, owner = self.graph, self.node.id
        self.recognizable = recognizable_slots(self.node.slots)
        for slot in self.node.slots:
            self.questions[slot.name] = graph.node_id(f"ask_{slot.name}", owner)
            if slot.checks or self.is_corrected:
                self.new_questions[slot.name] = graph.node_id(f"ask_new_{slot.name}", owner)
            is_read = any(slot is each for each in self.recognizable)
            self.corrections[slot.name] = (
                graph.node_id(f"{slot.name}_corrected", owner) if slot.corrected and is_read else owner
            )
        if isinstance(self.node.cancel, str):
            self.cancelled = self.node.cancel
        elif self.ends_when_cancelled:
            self.cancelled = graph.node_id(f"{owner}_cancelled", owner)

    @property
    def ends_when_cancelled(self) -> bool:
        """True if the conversation ends with a sentence when the user wants to stop."""
        return self.node.cancel is True and self.can_be_cancelled

    def texts(self, code: str, slot: CollectSlot) -> SlotTexts:
        """Return a slot's texts in another language."""
        return self.graph.texts_of(code, "slots", slot.name)

    def schema(self, slot: CollectSlot, *, is_alone: bool) -> Json:
        """Return the schema of an edge that needs this value and takes those that can be told from it."""
        others = () if is_alone or slot.verbatim else self.recognizable
        beside = [each for each in others if each is not slot]
        return {
            "type": "object",
            "properties": {each.name: _property(each) for each in (slot, *beside)},
            "required": [slot.name],
        }

    def value_edge(self, name: str, slot: CollectSlot, target: str = "") -> Json:
        """Return an edge that is taken with a value of the slot.

        One with a target of its own takes this value alone, so that it never competes with the others.
        """
        name = self.graph.edge_id(name, self.node.id)
        is_alone = target not in ("", self.node.id)
        condition = f"The user gives {describe(slot)}"
        return edge(
            name, target or self.node.id, condition, input_schema=self.schema(slot, is_alone=is_alone)
        )

    def exits(self, suffix: str, failed: str) -> list[Json]:
        """Return the edges out of a question: who wants to stop, and who is not understood."""
        graph, edges = self.graph, list[Json]()
        if self.cancelled:
            edges.append(
                keyword_edge(
                    graph, graph.edge_id(f"{self.node.id}_cancelled_{suffix}", self.node.id), self.cancelled,
                    "The user wants to stop", "cancel_words",
                )
            )  # fmt: skip
        if failed:
            name = graph.edge_id(f"no_{suffix}", self.node.id)
            edges.append(edge(name, failed, "The user could not answer in several tries", is_fallback=True))
        return edges


def describe(slot: CollectSlot) -> str:
    """Return what the slot is called in a sentence."""
    return slot.description or slot.name.replace("_", " ")


def label(slot: CollectSlot, texts: SlotTexts | None = None) -> str:
    """Return what the slot is called on a quick reply, in the own language or in that of `texts`."""
    texts = texts or {}
    text = str(texts.get("label") or texts.get("description") or slot.label or describe(slot))
    return text[:1].upper() + text[1:]


def keyword_edge(graph: Graph, name: str, target: str, condition: str, words: str, *more: str) -> Json:
    """Return an edge that is taken by the engine's own words, in each language."""
    for code in graph.codes:
        graph.translate(code, "edges", name, {"keywords": list(getattr(messages_for(code), words))})
    return edge(name, target, condition, keywords=[*getattr(graph.messages, words), *more])


def expand_collect(form: Form) -> None:
    """Add the nodes of a form."""
    _add_router(form)
    for number, slot in enumerate(form.node.slots):
        _add_question(form, slot, form.node.slots[:number], is_first=number == 0)
        if slot.name in form.new_questions:
            _add_new_question(form, slot)
        if form.corrections[slot.name] != form.node.id:
            _add_sentence(form, slot, form.corrections[slot.name], slot.corrected, "corrected", form.node.id)
    if form.ends_when_cancelled:
        _add_cancelled(form)
    for code in form.graph.codes:
        form.graph.take_texts(code, "nodes", form.node.id)


def _property(slot: CollectSlot) -> Json:
    return {
        **slot.schema_keys,
        "description": describe(slot),
        "x-question": slot.reprompt or slot.question,
    }


def _add_router(form: Form) -> None:
    """Add the node that decides what comes next; its guards exclude each other, so no model is asked."""
    graph, node, edges, so_far = form.graph, form.node, list[Json](), list[str]()

    def lead(name: str, target: str, condition: str, test: str) -> None:
        guard = " and ".join([*so_far, f"({test})"] if test else so_far)
        edges.append(edge(graph.edge_id(name, node.id), target, condition, guard=guard))
        if test:
            so_far.append(f"not ({test})")

    for slot in node.slots:
        is_known = f"'{slot.name}' in slots"
        is_missing = f"not {is_known}" + (f" and '{slot.name}_skipped' not in slots" if slot.optional else "")
        lead(f"{slot.name}_missing", form.questions[slot.name], f"{describe(slot)} is not known", is_missing)
        for number, check in enumerate(slot.checks, 1):
            name = f"{slot.name}_refused" + (f"_{number}" if number > 1 else "")
            target = graph.node_id(name, node.id)
            lead(name, target, f"{describe(slot)} is not accepted", f"{is_known} and ({check.condition})")
            new = form.new_questions[slot.name]
            _add_sentence(form, slot, target, check.say, "checks", new, number - 1)
    lead(f"{node.id}_complete", node.then, "Everything is known", "")
    graph.add_node(
        {
            "id": node.id, "name": node.name or node.id, "node_type": "router", "edges": edges,
            "was": list(node.was), "part_of": node.id,
        },
        form.place,
    )  # fmt: skip


def _add_question(form: Form, slot: CollectSlot, earlier: tuple[CollectSlot, ...], *, is_first: bool) -> None:
    graph, name, intro = form.graph, form.questions[slot.name], form.node.intro if is_first else ""
    edges = [form.value_edge(f"{slot.name}_given", slot)]
    if not slot.verbatim:
        edges += _correction_edges(form, slot, earlier, "at")
    if slot.optional:
        edges.append(_skip_edge(form, slot))
    edges += form.exits(slot.name, form.node.failed)
    choices: list[Json] = [
        {"label": each.label, "payload": each.value or each.label} for each in slot.choices
    ]
    if slot.optional:
        choices.append({"label": graph.messages.skip_label, "payload": edges_named(edges, "skipped")})
    _add_asking_node(form, name, edges, choices, _question_texts(slot, {}, intro))
    for code in graph.codes:
        texts = form.texts(code, slot)
        own_intro = graph.texts_of(code, "nodes", form.node.id).get("intro") if intro else ""
        labels = list(texts.get("choices") or [each.label for each in slot.choices])
        if slot.optional:
            labels.append(messages_for(code).skip_label)
        if texts.get("question"):
            asked = _question_texts(slot, texts, str(own_intro or ""))
            graph.translate(code, "nodes", name, {**asked, "choices": labels})


def edges_named(edges: list[Json], ending: str) -> str:
    """Return the id of the edge whose name ends so."""
    return next(str(each["id"]) for each in edges if str(each["id"]).endswith(ending))


def _question_texts(slot: CollectSlot, texts: SlotTexts, intro: str) -> Json:
    """Return the text of a question and of its repetition, in the slot's language or in that of `texts`."""
    question = str(texts.get("question") or slot.question)
    reprompt = str(texts.get("reprompt") or ("" if texts else slot.reprompt))
    return {
        "static_text": f"{intro}\n\n{question}" if intro else question,
        "reprompt_text": reprompt or (question if intro else ""),
    }


def _add_new_question(form: Form, slot: CollectSlot) -> None:
    """Add the question that is asked after the value was wrong."""
    graph, name = form.graph, form.new_questions[slot.name]
    others = tuple(each for each in form.node.slots if each is not slot)
    edges = [form.value_edge(f"new_{slot.name}_given", slot)]
    if not slot.verbatim:
        edges += _correction_edges(form, slot, others, "beside_new")
    edges += form.exits(f"new_{slot.name}", form.node.failed)
    choices: list[Json] = [
        {"label": each.label, "payload": each.value or each.label} for each in slot.choices
    ]
    reprompt = slot.reprompt or slot.question
    again = slot.again or graph.messages.ask_once_more.format(reprompt)
    _add_asking_node(form, name, edges, choices, {"static_text": again, "reprompt_text": reprompt})
    for code in graph.codes:
        texts = form.texts(code, slot)
        if texts.get("question"):
            reprompt = str(texts.get("reprompt") or texts["question"])
            again = str(texts.get("again") or messages_for(code).ask_once_more.format(reprompt))
            asked = {"static_text": again, "reprompt_text": reprompt}
            graph.translate(code, "nodes", name, {**asked, "choices": list(texts.get("choices") or ())})


def _add_asking_node(form: Form, name: str, edges: list[Json], choices: list[Json], texts: Json) -> None:
    form.graph.add_node(
        {
            "id": name, "name": name, **texts, "choices": choices, "edges": edges,
            "max_turns": form.node.max_turns if form.node.failed else None, "part_of": form.node.id,
        },
        form.place,
    )  # fmt: skip


def _correction_edges(
    form: Form, asked: CollectSlot, slots: tuple[CollectSlot, ...], where: str
) -> list[Json]:
    """Return the edges by which other values are changed while one is asked for."""
    return [
        form.value_edge(f"{slot.name}_{where}_{asked.name}", slot, form.corrections[slot.name])
        for slot in slots
        if any(slot is each for each in form.recognizable)
    ]


def _skip_edge(form: Form, slot: CollectSlot) -> Json:
    """Return the edge for who leaves an optional value out; a slot of its own remembers it."""
    graph = form.graph
    name = graph.edge_id(f"{slot.name}_skipped", form.node.id)
    schema = {
        "type": "object",
        "properties": {f"{slot.name}_skipped": {"type": "boolean", "enum": [True]}},
        "required": [f"{slot.name}_skipped"],
    }
    condition = f"The user does not want to give {describe(slot)}"
    return {
        **keyword_edge(graph, name, form.node.id, condition, "skip_words"),
        "input_schema": schema,
    }


def _add_sentence(  # noqa: PLR0913 - one sentence, in each language
    form: Form, slot: CollectSlot, name: str, text: str, key: str, target: str, number: int | None = None
) -> None:
    """Add a node that only says something about a slot and leads on."""
    graph = form.graph
    leads_on = edge(graph.edge_id(f"after_{name}", form.node.id), target, "Always")
    graph.add_node(
        {
            "id": name, "name": name, "static_text": text, "auto_proceed": True, "edges": [leads_on],
            "part_of": form.node.id,
        },
        form.place,
    )  # fmt: skip
    for code in graph.codes:
        texts = form.texts(code, slot).get(key)
        if number is not None:
            texts = texts[number] if isinstance(texts, list | tuple) and number < len(texts) else ""
        graph.translate(code, "nodes", name, {"static_text": texts})


def _add_cancelled(form: Form) -> None:
    graph = form.graph
    node = {"id": form.cancelled, "name": form.cancelled, "is_final": True, "part_of": form.node.id}
    graph.add_node({**node, "static_text": graph.messages.form_cancelled}, form.place)
    for code in graph.codes:
        graph.translate(code, "nodes", form.cancelled, {"static_text": messages_for(code).form_cancelled})
