"""Converts a Playbook of superdialog in its simple form to a flow.

A step becomes a node whose `say` instructs a language model, and an edge to the next step on the condition of
`done_when`. Content without an equivalent in a graph goes into the system prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.document import Flow, FlowError, Issue, is_yaml, parse_json, parse_yaml, playbook_form, read_text
from flows.document.reading.playbook import playbook_issue
from flows.document.validation import issues_from_pydantic

_CODES = {
    "english": "en", "german": "de", "deutsch": "de", "spanish": "es", "español": "es", "hindi": "hi",
    "french": "fr", "italian": "it", "portuguese": "pt", "dutch": "nl",
}  # fmt: skip
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_MARKUP = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")
_MAX_ID_LENGTH = 50


class _BlockDumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_BlockDumper.add_representer(str, _represent_text)


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _Persona(_Part):
    name: str = ""
    language: str = ""
    voice_style: str = ""
    identity: str = ""


class _Step(_Part):
    id: str = Field(min_length=1)
    purpose: str = ""
    say: str = ""
    collect: tuple[str, ...] = ()
    done_when: str = ""


class _Objection(_Part):
    trigger: str
    handle: str


class _Interrupt(_Part):
    id: str = ""
    when: str
    to: str


class _Playbook(_Part):
    name: str = ""
    goal: str = ""
    persona: _Persona = _Persona()
    opening: str = ""
    closing: str = ""
    playbook: tuple[_Step, ...] = Field(min_length=1)
    facts: dict[str, Any] = Field(default_factory=dict)
    objections: tuple[_Objection, ...] = ()
    boundaries: tuple[str, ...] = ()
    fallback_actions: dict[str, str] = Field(default_factory=dict)
    interrupts: tuple[_Interrupt, ...] = ()


class ConvertedPlaybook(NamedTuple):
    """The flow as YAML, and the keys of the Playbook that have no meaning in it."""

    text: str
    left_out: tuple[str, ...]


def convert_playbook(path: Path) -> ConvertedPlaybook:
    """Convert a YAML or JSON file. Raises `FlowError`, also if the file is no Playbook in the simple form."""
    source, text = str(path), read_text(path)
    document = parse_yaml(text, source) if is_yaml(path) else parse_json(text, source)
    form = playbook_form(document)
    if form != "simple":
        issue = (
            playbook_issue(form, source) if form else Issue("", "This is not a Playbook: it has no playbook.")
        )
        raise FlowError(source, [issue])
    try:
        playbook = _Playbook.model_validate(document)
    except ValidationError as error:
        raise FlowError(source, list(issues_from_pydantic(error, _Playbook))) from error
    flow = _build_flow(playbook)
    converted = yaml.dump(flow, Dumper=_BlockDumper, allow_unicode=True, sort_keys=False, width=110)
    Flow.from_yaml(converted, source=source)  # errors are reported now
    return ConvertedPlaybook(converted, tuple(_find_left_out(playbook)))


def _build_flow(playbook: _Playbook) -> dict[str, Any]:
    flow: dict[str, Any] = {"system_prompt": _build_prompt(playbook)}
    code = _CODES.get(playbook.persona.language.split(" ")[0].strip(" ,.").lower(), "")
    if code:
        flow["agent_language"] = code
    flow["initial_node"] = playbook.playbook[0].id
    flow["nodes"] = list(_build_nodes(playbook))
    if playbook.interrupts:
        flow["global_edges"] = [
            {
                "id": _make_id(interrupt.id or f"interrupt_{number}"),
                "condition": _escape_braces(interrupt.when),
                "target_node_id": interrupt.to.rpartition(".")[2],
            }
            for number, interrupt in enumerate(playbook.interrupts, 1)
        ]
    return flow


def _build_nodes(playbook: _Playbook) -> Iterator[dict[str, Any]]:
    steps = playbook.playbook
    names = {name for step in steps for name in step.collect}
    for number, step in enumerate(steps):
        is_last = number == len(steps) - 1
        own_say = step.say or (playbook.opening if number == 0 else "") or step.purpose
        say = f"{own_say}\n{playbook.closing}" if is_last and playbook.closing else own_say
        node = {
            "id": step.id,
            "name": " ".join(_escape_braces(step.purpose).split()) or step.id,
            "instruction": _escape_braces(say, names) or "Go on with the conversation.",
        }
        yield node | ({"is_final": True} if is_last else {"edges": [_build_edge(step, steps[number + 1].id)]})


def _build_edge(step: _Step, target: str) -> dict[str, Any]:
    edge: dict[str, Any] = {
        "id": _make_id(f"{step.id}_done"),
        "condition": _escape_braces(step.done_when) or "The user has answered",
        "target_node_id": target,
    }
    if step.collect:
        properties = {
            _make_id(name): {"type": "string", "description": f"the {name.replace('_', ' ')}"}
            for name in step.collect
        }
        edge["input_schema"] = {"type": "object", "properties": properties}
    return edge


def _build_prompt(playbook: _Playbook) -> str:
    persona = playbook.persona
    sections = [
        persona.identity or (f"You are {persona.name}." if persona.name else ""),
        f"How you speak: {persona.voice_style}" if persona.voice_style else "",
        f"Language: {persona.language}" if persona.language else "",
        f"What the conversation is for: {playbook.goal}" if playbook.goal else "",
        _format_section("Facts. Say nothing beyond them:", list(_iter_facts(playbook.facts))),
        _format_section("Objections:", [f"{each.trigger} → {each.handle}" for each in playbook.objections]),
        _format_section("Bounds:", playbook.boundaries),
        _format_section(
            "Where it does not work out:",
            [f"{key}: {text}" for key, text in playbook.fallback_actions.items()],
        ),
    ]
    text = "\n\n".join(each.strip() for each in sections if each.strip())
    return _escape_braces(text) or "You lead a conversation."


def _iter_facts(value: object, name: str = "") -> Iterator[str]:
    """Yield each fact in quotes: what stands in quotes may be said word for word."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _iter_facts(part, f"{name}, {key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _iter_facts(part, name)
    elif value is not None:
        text = " ".join(str(value).split()).replace('"', "'")
        yield f'{name.replace("_", " ")}: "{text}"'


def _format_section(title: str, items: Sequence[str]) -> str:
    return "\n".join([title, *(f"- {' '.join(item.split())}" for item in items)]) if items else ""


def _escape_braces(text: str, names: set[str] | None = None) -> str:
    """Return a text whose braces are names of collected values, or no template at all."""
    kept = {_make_id(name) for name in names or ()}
    marked = _VARIABLE.sub(lambda match: f"\0{match[1]}\1" if match[1] in kept else f"({match[1]})", text)
    plain = _MARKUP.sub(lambda match: "(" if match[0].startswith("{") else ")", marked)
    return plain.replace("\0", "{{ ").replace("\1", " }}").strip()


def _make_id(name: str) -> str:
    return _UNSAFE.sub("_", name)[:_MAX_ID_LENGTH].strip("_") or "step"


def _find_left_out(playbook: _Playbook) -> Iterator[str]:
    yield from playbook.model_extra or {}
    for number, step in enumerate(playbook.playbook):
        yield from (f"playbook[{number}].{key}" for key in step.model_extra or {})
    yield from (f"persona.{key}" for key in playbook.persona.model_extra or {})
