"""Checks what channels cannot show as it is written, in each of a flow's languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from core.model import Choice, MessagePart
from core.ports import Capabilities
from flows.compiled import language_code, scripted_speech, select_language_block
from flows.document import Flow, Issue, Node
from flows.templating import MAX_TEXT_LENGTH

TextCostFormatter = Callable[[str], str]
"""Describes a text's cost on a channel if it is high; otherwise empty."""

ChannelRenderer = Callable[[str, Sequence[Choice], Capabilities], list[MessagePart]]
"""Renders a text with choices as a channel shows it; choices without buttons become numbers in the text."""

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]*).*?\}\}", re.DOTALL)
_NUMBERED_LIST, _LIST = "numbered list", "list"


class _LimitViolation(NamedTuple):
    """A channel's limit (`verb` and `limit`) that a node's content exceeds, and the effect there."""

    fact: str
    verb: Literal["has", "takes"]
    limit: str
    consequence: str = ""

    @property
    def cause(self) -> tuple[str, str, str]:
        """The part that violations reported in one line have in common."""
        return self.fact, self.verb, self.consequence


class _NodeContent(NamedTuple):
    """A node's literal content on first and later visits; a template's value counts as its name."""

    node_id: str
    texts: tuple[str, ...]
    choices: tuple[Choice, ...]
    media_count: int


def check_channel_limits(
    flow: Flow,
    channels: Mapping[str, Capabilities],
    show: ChannelRenderer,
    costs: Mapping[str, TextCostFormatter],
) -> list[Issue]:
    """Return one line for each node and cause, with all channels that it concerns.

    A violation in the flow's own language is not repeated for others, which are named by their codes.
    """
    own = _find_violations(flow, channels, show, costs)
    violations = [Issue(f"node {node}", sentence) for node, sentence in own]
    for code in flow.languages:
        others = _find_violations(flow.in_language(code), channels, show, costs)
        violations += [
            Issue(f"node {node} in {code}", sentences)
            for node, sentences in others
            if (node, sentences) not in own
        ]
    return violations


def _find_violations(
    flow: Flow,
    channels: Mapping[str, Capabilities],
    show: ChannelRenderer,
    costs: Mapping[str, TextCostFormatter],
) -> list[tuple[str, str]]:
    """Return messages by the id of the node that they are about."""
    violations: list[tuple[str, str]] = []
    for content in (_node_content(node, flow) for node in flow.nodes):
        causes: dict[tuple[str, str, str], dict[_LimitViolation, list[str]]] = {}
        for name, can in channels.items():
            for limit in dict.fromkeys(_check_content(content, can, show)):
                causes.setdefault(limit.cause, {}).setdefault(limit, []).append(name)
        violations += [(content.node_id, _format_violations(limits)) for limits in causes.values()]
        violations += [
            (content.node_id, f"has a text of {len(text)} characters: cut after {MAX_TEXT_LENGTH}")
            for text in content.texts
            if len(text) > MAX_TEXT_LENGTH
        ]
        dear = {
            (name, cost(_as_numbered_list(text, content.choices)))
            for text in content.texts
            for name, cost in costs.items()
        }
        violations += [
            (content.node_id, f"its text {sentences}: {name}")
            for name, sentences in sorted(dear)
            if sentences
        ]
    return violations


def _node_content(node: Node, flow: Flow) -> _NodeContent:
    language = language_code(flow.agent_language)
    first = node.static_text or (scripted_speech(node.instruction, language) if node.instruction else "")
    texts = [
        _PLACEHOLDER.sub(r"\1", select_language_block(text, language))
        for text in (first, node.reprompt_text or "")
    ]
    labels = [
        f"choice {number}"
        if "{" in choice.label
        else " ".join(choice.label.split())  # the length of a value is not known yet
        for number, choice in enumerate(node.choices, start=1)
    ]
    choices = [
        Choice(label=label, payload=choice.payload or label, description=choice.description, url=choice.url)
        for label, choice in zip(labels, node.choices, strict=True)
    ]
    return _NodeContent(node.id, tuple(dict.fromkeys(filter(None, texts))), tuple(choices), len(node.media))


def _format_violations(limits: Mapping[_LimitViolation, Sequence[str]]) -> str:
    """Format violations with one cause, each with its channels."""
    first = next(iter(limits))
    able: list[str] = []
    for limit, names in limits.items():
        *before, last = names
        verb = {"has": "have", "takes": "take"}[limit.verb] if before else limit.verb
        subject = f"{', '.join(before)} and {last}" if before else last
        able.append(f"{subject} {limit.limit}" if able else f"{subject} {verb} {limit.limit}")
    return ": ".join(filter(None, [first.fact, ", ".join(able), first.consequence]))


def _check_content(
    content: _NodeContent, can: Capabilities, show: ChannelRenderer
) -> Iterator[_LimitViolation]:
    """Return what the channel cannot show as it is written."""
    rendered = show("…", content.choices, can)[-1].choices
    if content.choices:
        yield from _check_choices(content.choices, rendered, can)
    for text in content.texts:
        size = _utf16_length(text)
        length = size if rendered else _utf16_length(_as_numbered_list(text, content.choices))
        if length > can.text_length:
            with_them = "" if size > can.text_length else " with its choices"
            fact = f"has a text of {length if with_them else size} characters{with_them}"
            yield _LimitViolation(fact, "takes", str(can.text_length), "split")
        elif rendered and size > can.choices_text_length:
            most = f"{can.choices_text_length} with choices"
            yield _LimitViolation(f"has a text of {size} characters", "takes", most, "split")
    if content.media_count > can.media:
        yield _LimitViolation(f"has {content.media_count} media", "takes", str(can.media))


def _check_choices(
    choices: Sequence[Choice], rendered: Sequence[Choice], can: Capabilities
) -> Iterator[_LimitViolation]:
    """Return why the choices are not shown as buttons, or not as they are written."""
    for choice in choices:
        if choice.label.strip().upper() in can.reserved_words and not choice.url:
            limit = "it, when it is typed, for a command of its own such as STOP or HELP"
            yield _LimitViolation(f"offers “{choice.label}”", "takes", limit, "choose another label")
    if any(choice.url for choice in choices):
        if not rendered:
            shows = f"shows {len(choices)} choice{'' if len(choices) == 1 else 's'} with links"
            yield _LimitViolation(shows, "has", f"{can.links or 'no'} link buttons", "links in the text")
        return
    count, result = len(choices), _LIST if rendered else _NUMBERED_LIST
    most, are_listed = max(can.buttons, can.list_rows), count > can.buttons
    if are_listed:
        has = f"{most} rows" if count > most > can.buttons else f"{can.buttons or 'no'} buttons"
        yield _LimitViolation(f"shows {count} choice{'' if count == 1 else 's'}", "has", has, result)
    if count > most:
        return
    for choice in choices:
        if (size := _utf16_length(choice.payload)) > can.payload_length:
            fact = f"“{choice.label}” sends {size} characters back"
            yield _LimitViolation(fact, "takes", str(can.payload_length), _NUMBERED_LIST)
    long = [] if are_listed else _choices_longer_than(choices, can.button_title_length)
    for choice in long:
        yield _LimitViolation(
            _describe_label_length(choice), "takes", f"{can.button_title_length} on a button", result
        )
    are_listed = are_listed or bool(long)
    for choice in _choices_longer_than(choices, can.list_title_length) if are_listed and rendered else ():
        yield _LimitViolation(
            _describe_label_length(choice),
            "takes",
            f"{can.list_title_length} in a list",
            "cut, with the whole below",
        )
    has_room = count <= can.list_rows or not are_listed
    if (
        not rendered
        and has_room
        and all(_utf16_length(choice.payload) <= can.payload_length for choice in choices)
    ):
        letters = can.list_title_length if are_listed else can.button_title_length
        yield _LimitViolation(
            "shows choices that would read alike", "takes", f"{letters} characters", _NUMBERED_LIST
        )


def _choices_longer_than(choices: Sequence[Choice], most: int) -> list[Choice]:
    return [choice for choice in choices if _utf16_length(choice.label) > most]


def _describe_label_length(choice: Choice) -> str:
    return f"“{choice.label}” has {_utf16_length(choice.label)} characters"


def _as_numbered_list(text: str, choices: Sequence[Choice]) -> str:
    lines = [f"{number}. {choice.label}" for number, choice in enumerate(choices, start=1)]
    return "\n\n".join(filter(None, [text, "\n".join(lines)]))


def _utf16_length(text: str) -> int:
    """Return the length in UTF-16 code units, which providers count."""
    return len(text) + sum(letter > "\uffff" for letter in text)
