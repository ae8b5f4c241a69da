"""Pydantic models of the flow document, validated on loading.

The format is superdialog's, as JSON, as YAML or exported by React Flow. Keys of ours are optional and
additive, so a document with them still loads there: `choices`, `hand_off`, `opt_out`, `media`, `template`,
`on_reaction` and `reprompt_text` on nodes, `keywords`, `examples` and `pattern` on edges, `on_failure` on
triggers and tools, `retries` on actions and tools, `headers` and `timeout` on tools, `after_final`,
`closed_text`, `unsupported_text` and `budget` on the flow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    JsonValue,
    ModelWrapValidatorHandler,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from core.model import Attachment
from flows.document.errors import Issue
from flows.document.expansion import expand_document, has_author_nodes
from flows.document.loader import FlowLoader
from flows.document.model.actions import (
    Action,
    ActionTrigger,
    JsonSchema,
    KeyValuePair,
    Tool,
    parse_pairs,
)
from flows.document.model.base import FlowModel
from flows.document.model.business_hours import BusinessHours
from flows.document.model.fallbacks import Fallback, Remind, Timeout, UndeliveredFallback
from flows.document.model.localization import Localization, localize
from flows.document.model.ways import MessageTemplate, Way
from flows.document.validation import find_unknown_keys, find_warnings, validate_flow


def _parse_environment(value: object) -> object:
    """Replace anything but an object or a list by nothing, as the format defines it."""
    return parse_pairs(value) if isinstance(value, dict | list) else {}


def _parse_quick_reply(value: object) -> object:
    if isinstance(value, bool | int | float):
        raise PydanticKnownError("string_type")
    return {"label": value} if isinstance(value, str) else value


def _blank_to_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


OptionalText = Annotated[str | None, BeforeValidator(_blank_to_none, json_schema_input_type=str | None)]
"""A text that counts as absent when it is blank."""

NonEmptyText = Annotated[str, Field(min_length=1, max_length=200)]

EnvironmentMap = Annotated[
    dict[str, str],
    BeforeValidator(_parse_environment, json_schema_input_type=dict[str, str] | list[KeyValuePair]),
]


class QuickReply(FlowModel):
    """A quick reply that a node offers. Without a payload the label is sent back.

    `description` is shown below the label where there are lists. With a `url` it is a link.
    """

    label: str = Field(min_length=1)
    payload: str = ""
    description: str = Field("", max_length=200)
    url: str = Field("", pattern=r"^(https?://\S+)?$")


class Media(Attachment):
    """A file sent with a node's text."""

    model_config = FlowModel.model_config


class CompletionCriterion(FlowModel):
    """A condition that must hold before a node is left."""

    key: str
    description: str = ""
    required: bool = True


class Edge(FlowModel):
    """A transition. With `keywords`, `examples` or `pattern` it can be selected without a language model."""

    id: str
    condition: str
    target_node_id: OptionalText = None
    input_schema: JsonSchema | None = None
    actions: tuple[ActionTrigger, ...] = ()
    criteria: tuple[CompletionCriterion, ...] | None = None
    is_fallback: bool = False
    guard: OptionalText = None
    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    pattern: str | None = None


class Node(FlowModel):
    """A state of the conversation. `reprompt_text` replaces `static_text` when the node asks again.

    Where the channel can, `quote` shows the reply as an answer to the user's message, `reaction` is an emoji
    on that message, and `request_location` shows a button to share a location. `confirm` says which yes
    counts here: with `strict` only one without a reservation, as before something irreversible; otherwise
    `normal`. `was` are former ids of the node: a conversation that is at one of them continues here.
    `part_of` is the author node that this one was expanded from.
    """

    id: str
    name: str
    instruction: str | None = None
    static_text: str | None = None
    reprompt_text: str | None = None
    is_final: bool | None = False
    node_type: str | None = None
    auto_proceed: bool = False
    edges: tuple[Edge, ...] = ()
    actions: tuple[ActionTrigger, ...] = ()
    completion_criteria: tuple[CompletionCriterion, ...] | None = None
    allow_skip: bool = True
    max_turns: int | None = Field(None, ge=0)
    interruptible: bool = True
    tools: tuple[Tool, ...] = ()
    lang_graph: dict[str, JsonValue] | None = Field(None, alias="langGraph")
    choices: tuple[
        Annotated[QuickReply, BeforeValidator(_parse_quick_reply, json_schema_input_type=str | QuickReply)],
        ...,
    ] = Field((), max_length=20)
    hand_off: bool = False
    opt_out: bool = False
    timeout: Timeout | None = None
    on_undelivered: UndeliveredFallback | None = None
    outside_window: Way | None = None
    out_of_hours: Fallback | None = None
    remind: Remind | None = None
    on_reaction: dict[str, NonEmptyText] = Field(default_factory=dict)
    media: tuple[Media, ...] = Field((), max_length=10)
    quote: bool = False
    reaction: str = Field("", max_length=20)
    request_location: bool = False
    template: MessageTemplate | None = None
    confirm: Literal["strict", "normal"] | None = None
    was: tuple[str, ...] = ()
    part_of: str = ""

    @property
    def author_id(self) -> str:
        """The id that the author gave: of the author node that this one was expanded from, or its own."""
        return self.part_of or self.id


class Budget(FlowModel):
    """Limits of one conversation, after which it is handed off to an agent; tokens are the model's."""

    turns: int | None = Field(None, ge=1)
    tokens: int | None = Field(None, ge=1)


class Flow(FlowLoader):
    """A complete flow. `after_final` defines what the next message does after a final node."""

    system_prompt: str
    initial_node: str
    nodes: tuple[Node, ...]
    actions: tuple[Action, ...] = Field((), validation_alias=AliasChoices("actions", "global_actions"))
    environment_variables: EnvironmentMap = Field(
        default_factory=dict, validation_alias=AliasChoices("environment_variables", "env_vars")
    )
    global_edges: tuple[Edge, ...] = ()
    tools: tuple[Tool, ...] = ()
    agent_language: str = ""
    agent_gender: str = ""
    agent_tone: str = ""
    objective: str = ""
    after_final: Literal["restart", "closed", "hand_off"] = "restart"
    closed_text: str = ""
    unsupported_text: str = ""
    budget: Budget | None = None
    hours: BusinessHours | None = None
    outside_window: Way | None = None
    languages: dict[str, Localization] = Field(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _expand_author_nodes(cls, document: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Expand author nodes; the author's document is kept, to be saved again."""
        if not has_author_nodes(document):
            return handler(document)
        expansion = expand_document(document)
        if expansion.issues:
            problems = "; ".join(map(str, expansion.issues))
            raise PydanticCustomError("flow", "{problems}", {"problems": problems})
        flow = handler(expansion.document)
        flow._keep_source(document, expansion)
        return flow

    @model_validator(mode="after")
    def _validate_document(self) -> Self:
        if problems := validate_flow(self._to_document()):
            raise PydanticCustomError("flow", "{problems}", {"problems": "; ".join(map(str, problems))})
        return self

    def _to_document(self) -> dict[str, JsonValue]:
        return self.model_dump(mode="json", exclude_unset=True)

    def in_language(self, code: str) -> Flow:
        """Return the flow in one of its `languages`. Raises `KeyError` for another."""
        return type(self).model_validate(localize(self._to_document(), code))

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """Return issues that do not keep the flow from running: unknown keys, unreachable nodes and so on."""
        found = (*find_unknown_keys(self), *find_warnings(self._to_document()))
        parts = {node.id: node.author_id for node in self.nodes if node.part_of}
        authored = (self.author_issue(path, text) for path, text in found)
        own = (Issue(_name_author_node(path, parts), text) for path, text in authored)
        return (*self._load_warnings, *dict.fromkeys(own))

    def save(self, path: str | Path) -> None:
        """Write the flow as JSON for `load`, only the keys that were set. Raises `OSError`."""
        document = self._source or self.model_dump(mode="json", exclude_unset=True, by_alias=True)
        Path(path).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


_TRANSLATION = re.compile(r"(languages\.\w+\.nodes\.)(.+)", re.DOTALL)


def _name_author_node(path: str, author_ids: Mapping[str, str]) -> str:
    """Return the path of a translation with the id that the author gave."""
    match = _TRANSLATION.fullmatch(path)
    author = author_ids.get(match[2]) if match else None
    return f"{match[1]}{author} ({match[2]})" if match and author and author != match[2] else path
