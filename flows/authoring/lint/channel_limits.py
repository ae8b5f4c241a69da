"""What channels show in another way than it was written, in each of a flow's languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from core.model.message import Choice, Part
from core.ports.channel import Capabilities
from flows.compiled.instructions import in_language, language_code, scripted
from flows.document.errors import Problem
from flows.document.flow import Flow, Node

Cost = Callable[[str], str]
"""What a text takes on a channel, in words, where that is much; else nothing."""

Show = Callable[[str, Sequence[Choice], Capabilities], list[Part]]
"""A text with its choices as a channel shows them: choices that no part has are numbers in the text."""

_VALUE = re.compile(r"\{\{\s*([\w.]*).*?\}\}", re.DOTALL)
_NUMBERS, _LIST = "numbered list", "list"


class _Limit(NamedTuple):
    """What a node has, what a channel is able to (`verb` and `most`), and what becomes of it there."""

    fact: str
    verb: Literal["has", "takes"]
    most: str
    result: str = ""

    @property
    def cause(self) -> tuple[str, str, str]:
        """What limits that are told in one line have in common."""
        return self.fact, self.verb, self.result


class _Said(NamedTuple):
    """What a node says word for word, the first time and again; a template's value counts as its name."""

    node: str
    texts: tuple[str, ...]
    choices: tuple[Choice, ...]
    media: int


def shown_otherwise(
    flow: Flow, channels: Mapping[str, Capabilities], show: Show, costs: Mapping[str, Cost]
) -> list[Problem]:
    """One line for each node and cause, with all the channels that it concerns.

    What is so in the flow's own language is not said again of another, which is named by its code.
    """
    own = _told(flow, channels, show, costs)
    found = [Problem(f"node {node}", sentence) for node, sentence in own]
    for code in flow.languages:
        others = _told(flow.in_language(code), channels, show, costs)
        found += [Problem(f"node {node} in {code}", told) for node, told in others if (node, told) not in own]
    return found


def _told(
    flow: Flow, channels: Mapping[str, Capabilities], show: Show, costs: Mapping[str, Cost]
) -> list[tuple[str, str]]:
    """Sentences by the id of the node that they are about."""
    found: list[tuple[str, str]] = []
    for said in (_said(node, flow) for node in flow.nodes):
        causes: dict[tuple[str, str, str], dict[_Limit, list[str]]] = {}
        for name, can in channels.items():
            for limit in dict.fromkeys(_limits(said, can, show)):
                causes.setdefault(limit.cause, {}).setdefault(limit, []).append(name)
        found += [(said.node, _sentence(limits)) for limits in causes.values()]
        dear = {
            (name, cost(_listed(text, said.choices))) for text in said.texts for name, cost in costs.items()
        }
        found += [(said.node, f"its text {told}: {name}") for name, told in sorted(dear) if told]
    return found


def _said(node: Node, flow: Flow) -> _Said:
    language = language_code(flow.agent_language)
    first = node.static_text or (scripted(node.instruction, language) if node.instruction else "")
    texts = [_VALUE.sub(r"\1", in_language(text, language)) for text in (first, node.reprompt_text or "")]
    labels = [
        f"choice {number}"
        if "{" in choice.label
        else " ".join(choice.label.split())  # how long a value is nobody knows yet
        for number, choice in enumerate(node.choices, start=1)
    ]
    choices = [
        Choice(label=label, payload=choice.payload or label)
        for label, choice in zip(labels, node.choices, strict=True)
    ]
    return _Said(node.id, tuple(dict.fromkeys(filter(None, texts))), tuple(choices), len(node.media))


def _sentence(limits: Mapping[_Limit, Sequence[str]]) -> str:
    """Limits of one cause, each with its channels: the verb stands once."""
    first = next(iter(limits))
    able: list[str] = []
    for limit, names in limits.items():
        *before, last = names
        verb = {"has": "have", "takes": "take"}[limit.verb] if before else limit.verb
        subject = f"{', '.join(before)} and {last}" if before else last
        able.append(f"{subject} {limit.most}" if able else f"{subject} {verb} {limit.most}")
    return ": ".join(filter(None, [first.fact, ", ".join(able), first.result]))


def _limits(said: _Said, can: Capabilities, show: Show) -> Iterator[_Limit]:
    """What the channel cannot show as it was written."""
    shown = show("…", said.choices, can)[-1].choices
    if said.choices:
        yield from _choices(said.choices, shown, can)
    for text in said.texts:
        size = _length(text)
        whole = size if shown else _length(_listed(text, said.choices))
        if whole > can.text_length:
            with_them = "" if size > can.text_length else " with its choices"
            fact = f"has a text of {whole if with_them else size} characters{with_them}"
            yield _Limit(fact, "takes", str(can.text_length), "split")
        elif shown and size > can.choices_text_length:
            most = f"{can.choices_text_length} with choices"
            yield _Limit(f"has a text of {size} characters", "takes", most, "split")
    if said.media > can.media:
        yield _Limit(f"has {said.media} media", "takes", str(can.media))


def _choices(choices: Sequence[Choice], shown: Sequence[Choice], can: Capabilities) -> Iterator[_Limit]:
    """Why they are no buttons, or not as they were written."""
    count, result = len(choices), _LIST if shown else _NUMBERS
    most, are_listed = max(can.buttons, can.list_rows), count > can.buttons
    if are_listed:
        has = f"{most} rows" if count > most > can.buttons else f"{can.buttons or 'no'} buttons"
        yield _Limit(f"shows {count} choice{'' if count == 1 else 's'}", "has", has, result)
    if count > most:
        return
    for choice in choices:
        if (size := _length(choice.payload)) > can.payload_length:
            fact = f"“{choice.label}” sends {size} characters back"
            yield _Limit(fact, "takes", str(can.payload_length), _NUMBERS)
    long = [] if are_listed else _longer(choices, can.button_title_length)
    for choice in long:
        yield _Limit(_size(choice), "takes", f"{can.button_title_length} on a button", result)
    are_listed = are_listed or bool(long)
    for choice in _longer(choices, can.list_title_length) if are_listed and shown else ():
        yield _Limit(
            _size(choice), "takes", f"{can.list_title_length} in a list", "cut, with the whole below"
        )
    has_room = count <= can.list_rows or not are_listed
    if not shown and has_room and all(_length(choice.payload) <= can.payload_length for choice in choices):
        letters = can.list_title_length if are_listed else can.button_title_length
        yield _Limit("shows choices that would read alike", "takes", f"{letters} characters", _NUMBERS)


def _longer(choices: Sequence[Choice], most: int) -> list[Choice]:
    return [choice for choice in choices if _length(choice.label) > most]


def _size(choice: Choice) -> str:
    return f"“{choice.label}” has {_length(choice.label)} characters"


def _listed(text: str, choices: Sequence[Choice]) -> str:
    lines = [f"{number}. {choice.label}" for number, choice in enumerate(choices, start=1)]
    return "\n\n".join(filter(None, [text, "\n".join(lines)]))


def _length(text: str) -> int:
    """As providers count: what takes two units of UTF-16 is two characters."""
    return len(text) + sum(letter > "\uffff" for letter in text)
