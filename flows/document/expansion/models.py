"""Models of the author nodes: a form, a yes or no, a menu, and the entries of `faq`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from flows.document.model.base import FlowModel

DEFAULT_MAX_TURNS = 4

SCHEMA_KEYS = (
    "type", "format", "enum", "pattern", "items", "properties", "required",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
    "x-future", "x-past", "x-region", "x-synonyms",
)  # fmt: skip
"""Keys of a slot that are passed on to the JSON Schema of its value."""


def _as_text_list(value: object) -> object:
    """Accept a single text where a list of texts is meant."""
    return [value] if isinstance(value, str) else value


def _as_labelled_choice(value: object) -> object:
    return {"label": value} if isinstance(value, str) else value


Id = Annotated[str, Field(min_length=1)]
Texts = Annotated[
    tuple[str, ...], BeforeValidator(_as_text_list, json_schema_input_type=str | tuple[str, ...])
]


class SlotCheck(FlowModel):
    """A value that is not accepted: `if` is a Jinja expression over the values, `say` the reason."""

    condition: str = Field(alias="if", min_length=1)
    say: str = Field(min_length=1)


class SlotChoice(FlowModel):
    """A quick reply of a slot's question; `value` is what is stored, the label by default."""

    label: str = Field(min_length=1)
    value: str = ""


class CollectSlot(FlowModel):
    """One value of a form. All other keys belong to the value's JSON Schema.

    `reprompt` is the question when it is asked again, `again` after the value was wrong; `corrected` is said
    when the value is changed later. `label` and `keywords` name the value where the user says what is wrong.
    """

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=40)
    question: str = Field(min_length=1)
    reprompt: str = ""
    again: str = ""
    corrected: str = ""
    description: str = ""
    label: str = ""
    keywords: Texts = ()
    choices: tuple[
        Annotated[SlotChoice, BeforeValidator(_as_labelled_choice, json_schema_input_type=str | SlotChoice)],
        ...,
    ] = Field((), max_length=19)
    checks: tuple[SlotCheck, ...] = ()
    optional: bool = False
    verbatim: bool = False

    @property
    def schema_keys(self) -> dict[str, JsonValue]:
        """The JSON Schema of the value, without the texts."""
        schema = {key: value for key, value in (self.model_extra or {}).items() if key in SCHEMA_KEYS}
        values: list[JsonValue] = [each.value or each.label for each in self.choices]
        if values and not schema.keys() & {"type", "format", "enum", "pattern"}:
            schema["enum"] = values
        if names := self.names_of_values(schema.get("x-synonyms"), [each.label for each in self.choices]):
            schema["x-synonyms"] = names
        return {"type": "string", **schema}

    def names_of_values(self, synonyms: object, labels: Sequence[str]) -> dict[str, JsonValue]:
        """Return other names of the values: what is given as such, and the labels of the choices."""
        names: dict[str, JsonValue] = dict(synonyms) if isinstance(synonyms, Mapping) else {}
        for choice, label in zip(self.choices, labels, strict=False):
            value = choice.value or choice.label
            given = names.get(value) or []
            if label != value and isinstance(given, list | tuple):
                names[value] = list(dict.fromkeys((*given, label)))
        return names

    @property
    def unknown_keys(self) -> tuple[str, ...]:
        """Keys that mean nothing here."""
        return tuple(key for key in self.model_extra or {} if key not in SCHEMA_KEYS)


class _AuthorNode(FlowModel):
    """Keys of all author nodes: `failed` is the node for a user not understood in `max_turns` turns."""

    id: Id
    name: str = ""
    max_turns: int = Field(DEFAULT_MAX_TURNS, ge=1)
    failed: str = ""
    was: Texts = ()


class CollectNode(_AuthorNode):
    """A form: its slots are asked for one after another, what is known is not asked, then `then` is entered.

    `intro` is said before the first question. `cancel` is the node for a user who wants to stop; without one
    the conversation ends with a sentence, and with `false` the form cannot be cancelled.
    """

    node_type: Literal["collect"]
    intro: str = ""
    slots: tuple[CollectSlot, ...] = Field(min_length=1, max_length=20)
    then: Id
    cancel: str | bool = True

    @model_validator(mode="after")
    def _validate_names(self) -> Self:
        names = [slot.name for slot in self.slots]
        if twice := next((name for name in names if names.count(name) > 1), ""):
            raise PydanticCustomError("collect", "“{name}” is asked for twice", {"name": twice})
        return self


class ConfirmNode(_AuthorNode):
    """A yes or no, which leads to `then` or `otherwise`.

    With `collect` the values of that form can be corrected, and a no asks what is wrong.
    """

    node_type: Literal["confirm"]
    static_text: str = Field(min_length=1)
    reprompt_text: str = ""
    no_text: str = ""
    then: Id
    otherwise: str = ""
    collect: str = ""
    yes_keywords: Texts = ()
    no_keywords: Texts = ()
    confirm: Literal["strict", "normal"] | None = None

    @model_validator(mode="after")
    def _validate_no(self) -> Self:
        if not self.otherwise and not self.collect:
            raise PydanticCustomError(
                "confirm", "set otherwise, the node after a no, or collect, a form to correct"
            )
        return self


class MenuChoice(FlowModel):
    """A choice: `to` is a node, `edge` a global edge or the id of an entry of `faq`."""

    label: str = Field(min_length=1)
    to: str = ""
    edge: str = ""
    keywords: Texts = ()
    examples: Texts = ()
    description: str = Field("", max_length=200)

    @model_validator(mode="after")
    def _validate_target(self) -> Self:
        if bool(self.to) == bool(self.edge):
            raise PydanticCustomError("menu", "set to, a node, or edge, a global edge or a faq entry")
        return self


class MenuNode(_AuthorNode):
    """A question with choices, each of which leads on."""

    node_type: Literal["menu"]
    static_text: str = Field(min_length=1)
    reprompt_text: str = ""
    choices: tuple[MenuChoice, ...] = Field(min_length=1, max_length=20)


class FaqEntry(FlowModel):
    """Variants of a question, or keywords, and their answer."""

    id: str = Field("", max_length=50)
    questions: Texts = ()
    keywords: Texts = ()
    answer: str = Field(min_length=1)
    condition: str = ""

    @model_validator(mode="after")
    def _validate_questions(self) -> Self:
        if not self.questions and not self.keywords:
            raise PydanticCustomError("faq", "set questions or keywords")
        return self


AUTHOR_NODES: Mapping[str, type[CollectNode | ConfirmNode | MenuNode]] = {
    "collect": CollectNode,
    "confirm": ConfirmNode,
    "menu": MenuNode,
}
"""The models by `node_type`."""

AnyAuthorNode = CollectNode | ConfirmNode | MenuNode
Json = dict[str, Any]
