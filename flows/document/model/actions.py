"""Models of actions and tools: HTTP calls, Python functions and MCP tools, and when they run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field, JsonValue
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict  # pydantic asks for this one below Python 3.12

from flows.document.model.base import FlowModel


class KeyValuePair(TypedDict):
    """A name and its value, as some editors write them."""

    key: str
    value: str


def parse_pairs(value: object) -> object:
    """`[{"key": "A", "value": "b"}]` as `{"A": "b"}`, the other accepted form of names and values."""
    if not isinstance(value, list):
        return value
    return {str(pair["key"]): pair.get("value") for pair in value if isinstance(pair, dict) and "key" in pair}


def _validate_body(value: object) -> object:
    if value is not None and not isinstance(value, str | dict):
        raise PydanticCustomError("body", "Text or an object is required here")
    return value


StringMap = Annotated[
    dict[str, str], BeforeValidator(parse_pairs, json_schema_input_type=dict[str, str] | list[KeyValuePair])
]
ActionBody = Annotated[
    str | dict[str, JsonValue] | None,
    BeforeValidator(_validate_body, json_schema_input_type=str | dict[str, JsonValue] | None),
]
JsonSchema = dict[str, JsonValue]


class ActionTrigger(FlowModel):
    """When to run an action at a node or on an edge; `on_failure` is the edge to take if it fails."""

    trigger: Literal["on_enter", "on_exit"] = Field(validation_alias=AliasChoices("trigger", "trigger_type"))
    action_id: str
    on_failure: str | None = None


class EnvironmentUpdate(FlowModel):
    """A value to copy out of an action's result."""

    env_key: str
    result_path: str


class Action(FlowModel):
    """An HTTP call that nodes and edges refer to by id. `timeout` is in seconds, `retries` included."""

    id: str
    name: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    url: str
    description: str = ""
    headers: StringMap = Field(default_factory=dict)
    body: ActionBody = Field(None, validation_alias=AliasChoices("body", "body_template"))
    timeout: int = Field(30, gt=0)
    store_response_as: str | None = None
    env_updates: tuple[EnvironmentUpdate, ...] = ()
    run_once: bool = False
    string_fields: tuple[str, ...] = ()
    condition: str | None = None
    identifier: str | None = None
    retries: int = Field(2, ge=0, le=5)


class Tool(FlowModel):
    """A function that a model may call. `timeout` is in seconds, `retries` included.

    `handler_id` names the Python function (without it the `id` does); `url`, `method` and `headers` make an
    HTTP tool, whose arguments are the query of a GET and otherwise the JSON body; `server` is the address of
    the MCP server that runs the tool, which it knows by this `name`. `on_failure` is the edge to take if it
    fails.
    """

    id: str
    name: str
    description: str
    input_schema: JsonSchema | None = None
    type: Literal["python", "http", "mcp"] = "python"
    handler_id: str | None = None
    url: str | None = None
    method: str | None = None
    server: str | None = None
    headers: StringMap = Field(default_factory=dict)
    timeout: int = Field(30, gt=0)
    retries: int = Field(2, ge=0, le=5)
    on_failure: str | None = None
