"""A form while it is expanded: the ids of its nodes, its edges and its texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.document.expansion.graph import Graph, Json, edge
from flows.document.expansion.models import CollectNode, CollectSlot
from flows.document.expansion.slot_kinds import (
    DAY_KINDS,
    is_identified_by_size,
    labelled_texts,
    named_numbers,
    paired_days,
    recognizable_slots,
    slot_kind,
)
from flows.locales import LocaleMessages, messages_for

SlotTexts = Mapping[str, Any]

_MAX_VALUES_SHOWN = 10


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
    named: tuple[CollectSlot, ...] = ()
    labelled: tuple[CollectSlot, ...] = ()
    paired: tuple[CollectSlot, ...] = ()
    questions: dict[str, str] = field(default_factory=dict)
    new_questions: dict[str, str] = field(default_factory=dict)
    corrections: dict[str, str] = field(default_factory=dict)
    cancelled: str = ""

    def __post_init__(self) -> None:
        graph, owner = self.graph, self.node.id
        self.named = named_numbers(self.node.slots)
        self.recognizable = (*recognizable_slots(self.node.slots), *self.named)
        self.labelled = labelled_texts(self.node.slots)
        self.paired = paired_days(self.node.slots)
        for slot in self.node.slots:
            self.questions[slot.name] = graph.node_id(f"ask_{slot.name}", owner)
            if slot.checks or self.is_corrected:
                self.new_questions[slot.name] = graph.node_id(f"ask_new_{slot.name}", owner)
            is_read = any(slot is each for each in (*self.recognizable, *self.labelled))
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

    def schema(self, slot: CollectSlot, *, is_alone: bool, is_asked: bool, is_reviewed: bool) -> Json:
        """Return the schema of an edge that requires this value and accepts those distinct from it."""
        others = () if is_alone or slot.verbatim else self.recognizable
        beside = [each for each in others if each is not slot]
        return {
            "type": "object",
            "properties": {
                each.name: {
                    **_property(each),
                    **(self._build_rivals(each) if is_asked and each is slot else {}),
                    **self._build_identified_by(
                        each, is_asked=is_asked and each is slot, is_reviewed=is_reviewed
                    ),
                }
                for each in (slot, *beside)
            },
            "required": [slot.name],
        }

    def _build_rivals(self, slot: CollectSlot) -> Json:
        """Return the schema key of the names of other days of this kind, which an answer may be about."""
        if not any(slot is each for each in self.paired):
            return {}
        rivals = [each for each in self.paired if each is not slot and slot_kind(each) == slot_kind(slot)]
        return {
            "x-rivals": [" ".join((each.name, describe(each), each.label, *each.keywords)) for each in rivals]
        }

    def _build_identified_by(self, slot: CollectSlot, *, is_asked: bool, is_reviewed: bool) -> Json:
        """Return the schema key by which a value is read only where its noun, size or label identifies it."""
        if not is_asked and any(slot is each for each in (*self.labelled, *self.paired)):
            return {"x-told-by": "label"}
        if is_asked or not any(slot is each for each in self.named):
            return {}
        return {
            "x-told-by": "noun or size" if is_reviewed and is_identified_by_size(self.node.slots) else "noun"
        }

    def value_edge(
        self,
        name: str,
        slot: CollectSlot,
        target: str = "",
        *,
        is_asked: bool = False,
        is_reviewed: bool = False,
    ) -> Json:
        """Return an edge that is taken with a value of the slot, asked for or read back with others.

        An edge with its own target takes only this value, so that it never competes with the others.
        """
        name = self.graph.edge_id(name, self.node.id)
        is_alone = target not in ("", self.node.id)
        condition = f"The user gives {describe(slot)}"
        return edge(
            name,
            target or self.node.id,
            condition,
            input_schema=self.schema(slot, is_alone=is_alone, is_asked=is_asked, is_reviewed=is_reviewed),
        )

    def exits(self, suffix: str, failed: str) -> list[Json]:
        """Return the edges out of a question, for a user who wants to stop and one who is not understood."""
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
    """Return the slot's name for use in a sentence."""
    return slot.description or slot.name.replace("_", " ")


def label(slot: CollectSlot, messages: LocaleMessages, texts: SlotTexts | None = None) -> str:
    """Return the slot's name for a quick reply, in the flow's language or in that of `texts`."""
    texts = texts or {}
    if given := texts.get("label") or ("" if texts.get("description") else slot.label):
        return capitalize(str(given))
    return capitalize(without_article(str(texts.get("description") or describe(slot)), messages))


def without_article(description: str, messages: LocaleMessages) -> str:
    """Return a description as a label, without its article: “phone number” of “your phone number”."""
    first, _, rest = description.partition(" ")
    is_article = first in messages.label_articles and " " not in rest
    return rest if rest and (first.casefold() in messages.label_leads or is_article) else description


def capitalize(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def keyword_edge(graph: Graph, name: str, target: str, condition: str, words: str, *more: str) -> Json:
    """Return an edge that is taken by the engine's own words, in each language."""
    for code in graph.codes:
        graph.add_keywords(code, name, getattr(messages_for(code), words))
    return edge(name, target, condition, keywords=[*getattr(graph.messages, words), *more])


def build_choices(slot: CollectSlot, messages: LocaleMessages) -> list[Json]:
    """Return the quick replies of a question: the slot's own, its few values, or yes and no."""
    if slot.choices:
        return [{"label": each.label, "payload": each.value or each.label} for each in slot.choices]
    if slot.schema_keys["type"] == "boolean":
        return [{"label": text, "payload": text} for text in (messages.yes_label, messages.no_label)]
    values = slot.schema_keys.get("enum")
    listed = values if isinstance(values, list | tuple) and len(values) <= _MAX_VALUES_SHOWN else ()
    return [{"label": str(value), "payload": str(value)} for value in listed]


def labels_of(slot: CollectSlot, texts: SlotTexts, messages: LocaleMessages) -> list[str]:
    """Return the labels of the quick replies in another language."""
    own = [str(each["label"]) for each in build_choices(slot, messages)]
    return [str(label) for label in texts.get("choices") or own]


def _property(slot: CollectSlot) -> Json:
    is_day = slot_kind(slot) in DAY_KINDS
    nouns = [*slot.keywords, *([slot.label] if slot.label and is_day else [])]
    return {
        **({"x-nouns": nouns} if nouns else {}),
        **slot.schema_keys,
        "description": describe(slot),
        "x-question": slot.reprompt or slot.question,
    }
