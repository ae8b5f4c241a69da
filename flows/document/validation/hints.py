"""Hints for an issue: the value found, the name that was probably meant, an example to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from core.counts import count_of

_LONGEST_QUOTE = 40
_MOST_NAMES = 8
_LEAST_SIMILARITY = 0.6

_EXAMPLES = {
    "system_prompt": "system_prompt: You take orders for a bakery.",
    "initial_node": "initial_node: start",
    "nodes": 'nodes: [{id: start, name: Start, static_text: "Hello!"}]',
    "edges": "edges: [{id: booked, condition: The user has booked, target_node_id: thanks}]",
    "global_edges": "global_edges: [{id: why, condition: The user asks why, target_node_id: reason}]",
    "actions": 'actions: [{id: look_up, name: Look up, method: GET, url: "https://shop.example/orders"}]',
    "triggers": "actions: [{trigger: on_enter, action_id: look_up}]",
    "tools": "tools: [{id: look_up, name: Look up, description: Looks an order up}]",
    "choices": "choices: [Small, Large]",
    "menu choices": "choices: [{label: Book a table, to: table}]",
    "slots": 'slots: [{name: day, question: "Which day?", format: date}]',
    "checks": 'checks: [{if: "guests > 12", say: We have twelve seats.}]',
    "keywords": 'keywords: ["book", "reserve"]',
    "examples": 'examples: ["I would like to book"]',
    "questions": 'questions: ["when are you open?"]',
    "faq": 'faq: [{questions: ["when are you open?"], answer: From 9 to 18.}]',
    "languages": "languages: {de: {nodes: {start: {static_text: Guten Tag!}}}}",
    "input_schema": "input_schema: {type: object, properties: {day: {type: string}}, required: [day]}",
    "environment_variables": 'environment_variables: {SHOP: "Harbour Lane"}',
    "headers": 'headers: {X-Shop: "1"}',
    "timeout": "timeout: {seconds: 600, edge: gave_up}",
    "out_of_hours": "out_of_hours: {say: We open at nine.}",
    "on_undelivered": "on_undelivered: {say: Could you write to us?}",
    "remind": 'remind: {after: 2h, text: "Your table is booked."}',
    "budget": "budget: {turns: 60}",
    "hours": 'hours: {timezone: Europe/Berlin, monday: ["09:00-17:00"]}',
    "media": 'media: [{url: "https://shop.example/menu.pdf"}]',
    "template": "template: {name: order_update}",
    "completion_criteria": "completion_criteria: [{key: name, description: your name}]",
    "was": "was: [old_id]",
    "id": "id: start",
    "name": "name: Start",
    "condition": "condition: The user wants to book",
    "question": 'question: "Which day?"',
    "answer": "answer: We are open from 9 to 18.",
    "then": "then: booked",
    "static_text": 'static_text: "Hello!"',
    "label": "label: Book a table",
    "method": "method: GET",
    "url": 'url: "https://shop.example/orders"',
    "trigger": "trigger: on_enter",
    "action_id": "action_id: look_up",
    "description": "description: your order number",
    "seconds": "seconds: 600",
    "say": 'say: "hello"',
    "conversations": "conversations: [{name: an order, turns: [{say: hello}]}]",
    "turns": "turns: [{say: hello, expect: {node: start}}]",
    "expect": "expect: {node: start, reply: Hello}",
    "reply": "reply: Hello",
    "decide": "decide: {edge: booked}",
    "answers": "answers: {look_up: {status: 404}}",
}
"""Valid example fragments by key."""


_OTHER_NAMES = {
    "text": ("static_text",), "message": ("static_text", "say"), "content": ("static_text",),
    "prompt": ("instruction", "system_prompt", "question"), "instructions": ("instruction",),
    "next": ("target_node_id", "then"), "to": ("target_node_id", "then"),
    "target": ("target_node_id", "then"),
    "goto": ("target_node_id", "then", "to"), "when": ("condition",), "if": ("condition",),
    "intent": ("condition",), "buttons": ("choices",), "options": ("choices",),
    "quick_replies": ("choices",), "transitions": ("edges",), "responses": ("edges", "answers"),
    "final": ("is_final",), "end": ("is_final",), "regex": ("pattern",), "start": ("initial_node",),
    "states": ("nodes",), "steps": ("nodes",), "fields": ("slots",), "synonyms": ("keywords", "x-synonyms"),
    "input": ("say",), "user": ("say",), "bot": ("reply",), "output": ("reply",), "tests": ("conversations",),
    "type": ("node_type",), "title": ("name", "label"), "key": ("id", "name"), "title_text": ("label",),
}  # fmt: skip
"""Names of other tools for our keys."""


def describe_value(value: object) -> str:
    """Return a description of a value in a document, in the author's terms."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        text = " ".join(value.split())
        cut = text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE].rstrip() + "…"
        return f"the text “{cut}”" if text else "an empty text"
    if isinstance(value, Mapping):
        keys = ", ".join(map(str, list(value)[:3]))
        return f"an object with {keys}" if keys else "an empty object"
    if isinstance(value, list | tuple):
        return f"a list with {count_of(len(value), 'item')}" if value else "an empty list"
    return "something else"


def example_for(location: tuple[int | str, ...]) -> str:
    """Return a fragment to write at a place, with its key; an item without the key of its list."""
    names = [step for step in location if isinstance(step, str)]
    key = names[-1] if names else ""
    owner = names[-2] if len(names) > 1 else ""
    if key == "actions" and owner:
        key = "triggers"
    text = _EXAMPLES.get(key, "")
    is_item = bool(location) and isinstance(location[-1], int)
    return text.partition(": [")[2].removesuffix("]") if is_item else text


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Return a sentence with the name that was probably meant, or with the possible names; may be empty."""
    names = sorted({each for each in known if each})
    if near := find_nearest(name, names):
        return f" Is “{near}” meant?"
    if not names or len(names) > _MOST_NAMES:
        return ""
    return f" There {'is' if len(names) == 1 else 'are'}: {', '.join(names)}."


def find_nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like this one or means the same elsewhere, or an empty string."""
    folded = {_fold(each): each for each in known}
    for other, each in folded.items():
        if each in _OTHER_NAMES.get(_fold(name), ()) or name in _OTHER_NAMES.get(other, ()):
            return each
    found = get_close_matches(_fold(name), folded, n=1, cutoff=_LEAST_SIMILARITY)
    return folded[found[0]] if found else ""


def known_keys(model: Any, location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the keys of the object at a place of a model's document, as far as they are known."""
    models = [model]
    for step in location:
        fields = [each.model_fields[step] for each in models if step in each.model_fields]
        if fields:
            models = [found for each in fields for found in _models_of(each.annotation)]
    return tuple(field.alias or name for each in models for name, field in each.model_fields.items())


def _models_of(annotation: Any) -> list[Any]:
    if hasattr(annotation, "model_fields"):
        return [annotation]
    parts = getattr(annotation, "__args__", ())
    return [found for part in parts for found in _models_of(part)]


def _fold(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")
